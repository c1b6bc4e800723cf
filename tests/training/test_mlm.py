"""MLM training on the demo snapshot with real tiny models: right losses, a record that proves."""

import json
import logging

import pytest

torch = pytest.importorskip("torch")
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)

from conftest import run_aadhan  # noqa: E402

from ingest.errors import Damaged, TrainingError  # noqa: E402
from training.data import pack, packed_splits, split_texts  # noqa: E402
from training.fill_mask import fill_mask_samples  # noqa: E402
from training.mlm import MlmArguments, MlmTrainer, StatelessMaskCollator, train_mlm  # noqa: E402
from training.tiny import tiny_model, tiny_tokenizer  # noqa: E402
from warehouse.snapshots import SPLITS, file_sha256  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
FAST = {"tiny": True, "block_size": 64, "batch_size": 16, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def tokenizer(demo):
    return tiny_tokenizer(split_texts(demo, "train"), 600)


@pytest.fixture(scope="module")
def run(demo, tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    return train_mlm(demo, models, MlmArguments(**FAST, max_steps=40))


def test_packing_loses_no_token(demo, tokenizer):
    texts = split_texts(demo, "test")
    packed = pack(texts, tokenizer, 32)
    assert all(len(block) == 32 for block in packed.blocks[:-1])
    assert all(
        block[0] == tokenizer.cls_token_id and block[-1] == tokenizer.sep_token_id
        for block in packed.blocks
    )
    stream = [token for block in packed.blocks for token in block[1:-1]]
    expected = []
    for text in texts:
        expected += tokenizer(text, add_special_tokens=False)["input_ids"]
        expected.append(tokenizer.sep_token_id)
    assert stream == expected


def test_the_tokenizer_reads_back_what_it_wrote(demo, tokenizer):
    text = split_texts(demo, "train")[0]
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids).split() == text.split()
    assert tokenizer.mask_token == "<mask>" and tokenizer.pad_token == "<pad>"


def test_the_same_batch_is_masked_alike_and_another_one_not(tokenizer):
    collator = StatelessMaskCollator(tokenizer)
    batch = [{"input_ids": list(range(10, 60))} for _ in range(4)]
    torch.manual_seed(1)
    first = collator(batch)
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    second = collator(batch)
    assert torch.equal(first["input_ids"], second["input_ids"])
    assert torch.equal(first["labels"], second["labels"])
    torch.manual_seed(1)
    assert torch.equal(state, torch.random.get_rng_state()), "the global generator is left alone"
    other = collator([{"input_ids": list(range(11, 61))} for _ in range(4)])
    assert not torch.equal(first["labels"] == -100, other["labels"] == -100)
    masked = (first["labels"] != -100).float().mean().item()
    assert 0.05 < masked < 0.3


def test_loss_does_not_grow_with_gradient_accumulation(demo, tokenizer, tmp_path):
    """XLM-R ignores num_items_in_batch: an unpatched Trainer logs four times the loss at GA=4."""
    from transformers import Trainer, TrainingArguments

    blocks = packed_splits(demo, tokenizer, 32)["train"]

    def first_loss(trainer_class, accumulation):
        torch.manual_seed(0)
        trainer = trainer_class(
            model=tiny_model(tokenizer, 32),
            args=TrainingArguments(
                output_dir=str(tmp_path / "out"),
                max_steps=1,
                per_device_train_batch_size=16 // accumulation,
                gradient_accumulation_steps=accumulation,
                logging_steps=1,
                report_to="none",
                save_strategy="no",
                disable_tqdm=True,
                use_cpu=True,
                remove_unused_columns=False,
            ),
            data_collator=StatelessMaskCollator(tokenizer),
            train_dataset=blocks,
        )
        trainer.train()
        return trainer.state.log_history[0]["loss"]

    one, four = first_loss(MlmTrainer, 1), first_loss(MlmTrainer, 4)
    assert four == pytest.approx(one, rel=0.05)
    assert first_loss(Trainer, 4) > 2 * one, "the Trainer was mended: drop MlmTrainer"


@pytest.mark.slow
def test_a_run_lowers_the_loss_and_leaves_its_record(demo, run):
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert record["snapshot"]["name"] == "demo"
    assert record["snapshot"]["content_hash"] == demo.content_hash
    assert set(record["snapshot"]["splits"]) == set(SPLITS)
    for name, digest in record["snapshot"]["files"].items():
        assert file_sha256(demo.folder / name) == digest
    before = record["evaluation"]["validation_before"]["loss"]
    assert record["evaluation"]["validation"]["loss"] < before - 0.2
    assert record["evaluation"]["test"]["loss"] < before - 0.2
    assert record["steps"] == 40 and record["completed_at"]
    assert record["arguments"]["seed"] == 42 and record["versions"]["torch"]
    for name, digest in record["outputs"].items():
        assert file_sha256(run.folder / name) == digest
    assert (run.folder / "loss.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_fill_mask_samples_are_tamil_sentences_with_their_own_mask(run):
    samples = run.fields["fill_mask"]
    assert len(samples) >= 3
    for sample in samples:
        assert sample["prompt"].count("<mask>") == 1 and "[MASK]" not in sample["prompt"]
        assert any("\u0b80" <= c <= "\u0bff" for c in sample["hidden"])
        assert len(sample["guesses"]) == 3
        shares = [guess["share"] for guess in sample["guesses"]]
        assert shares == sorted(shares, reverse=True)


@pytest.mark.slow
def test_the_saved_model_loads_by_its_folder_and_trains_on(demo, run, tmp_path):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    folder = run.folder / "model"
    model = AutoModelForMaskedLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = split_texts(demo, "test")
    assert fill_mask_samples(model, tokenizer, texts) == run.fields["fill_mask"]
    arguments = MlmArguments(model=str(folder), max_steps=2, batch_size=16, block_size=64)
    again = train_mlm(demo, tmp_path, arguments)
    trained = run.fields["evaluation"]["validation"]["loss"]
    assert again.fields["evaluation"]["validation_before"]["loss"] == pytest.approx(
        trained, abs=0.01
    )


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(demo, tmp_path):
    arguments = MlmArguments(**FAST, max_steps=5)
    weights = []
    for name in ("a", "b"):
        made = train_mlm(demo, tmp_path / name, arguments)
        weights.append(file_sha256(made.folder / "model" / "model.safetensors"))
    assert weights[0] == weights[1]


def test_what_cannot_be_trained_on_is_named(demo, tmp_path, aadhan_fails, demo_lake):
    more = ("--snapshot", "demo", "--lake", demo_lake, "--models", tmp_path / "models")
    assert "give --model a local folder" in aadhan_fails(
        "train", "mlm", *more, "--model", tmp_path / "nosuch"
    )
    assert not (tmp_path / "models").exists()
    with pytest.raises(TrainingError, match="no train rows"):
        split_texts(demo.__class__("x", tmp_path, {"files": {}}), "train")


def test_a_damaged_snapshot_is_not_trained_on(demo_lake, tmp_path):
    import shutil

    from warehouse.snapshots import find_snapshot

    shutil.copytree(demo_lake / "snapshots", tmp_path / "snapshots")
    snapshot = find_snapshot(tmp_path, "demo")
    path = snapshot.folder / "corpus" / "demo.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Damaged):
        train_mlm(snapshot, tmp_path / "models", MlmArguments(tiny=True))
    assert not (tmp_path / "models").exists()


@pytest.mark.slow
def test_train_as_a_command(demo_lake, tmp_path):
    done = run_aadhan(
        *("train", "mlm", "--snapshot", "demo", "--lake", demo_lake, "--models", tmp_path),
        *("--tiny", "--block-size", "64", "--max-steps", "3", "--format", "json"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert answer["steps"] == 3 and answer["snapshot"] == "demo"
    assert "hidden:" in done.stderr
