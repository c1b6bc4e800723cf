"""Masked-language-model training of XLM-RoBERTa on a named snapshot, with the Hugging Face Trainer.

The snapshot's files are hashed before they are read, and the run's record says which bytes they
were. Two defaults of the Trainer are put right here because they are wrong without a sound: its
loss scaling for this model, and masks that depend on the global generator.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    PrinterCallback,
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging as transformers_logging

from ingest.errors import TrainingError
from training.data import Blocks, packed_splits, split_texts
from training.fill_mask import fill_mask_samples
from training.plots import plot_loss
from training.record import RunRecord, open_run
from training.tiny import tiny_model, tiny_tokenizer
from warehouse.snapshots import Snapshot, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class MlmArguments:
    """What a person chooses about a run; echoed into run.json."""

    model: str = "xlm-roberta-base"
    tiny: bool = False
    epochs: float = 3.0
    max_steps: int = -1
    batch_size: int = 8
    gradient_accumulation: int = 1
    learning_rate: float = 5e-5
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    block_size: int = 512
    mask_share: float = 0.15
    seed: int = 42


class StatelessMaskCollator(DataCollatorForLanguageModeling):
    """Masks drawn from a seed, the epoch and the batch's own tokens: alike in every process and
    after a resume. Evaluation counts as epoch 0, so that it is repeatable."""

    mask_seed: int = 0
    epoch: int = 0

    def __call__(self, features, return_tensors=None):
        digest = blake2b(f"{self.mask_seed} {self.epoch}".encode(), digest_size=7)
        for feature in features:
            digest.update(torch.tensor(feature["input_ids"]).numpy().tobytes())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int.from_bytes(digest.digest(), "little"))
            return super().__call__(features, return_tensors)


class MlmTrainer(Trainer):
    """XLM-R's forward takes **kwargs but ignores num_items_in_batch; a Trainer that believes
    otherwise makes loss and gradients grow with accumulation steps times processes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model_accepts_loss_kwargs = False

    def evaluate(self, *args, **kwargs):
        collator = self.data_collator
        assert isinstance(collator, StatelessMaskCollator)
        training_epoch, collator.epoch = collator.epoch, 0
        try:
            return super().evaluate(*args, **kwargs)
        finally:
            collator.epoch = training_epoch


class _Report(TrainerCallback):
    """Tells the caller how far training is, and the masks which epoch it is."""

    def __init__(self, progress: Callable[[int, int], None], collator: StatelessMaskCollator):
        self.progress = progress
        self.collator = collator

    def on_epoch_begin(self, args, state, control, **kwargs):
        self.collator.epoch = int(state.epoch or 0) + 1

    def on_step_end(self, args, state, control, **kwargs):
        self.progress(state.global_step, state.max_steps)


def train_mlm(
    snapshot: Snapshot,
    models_folder: Path,
    arguments: MlmArguments,
    progress: Callable[[int, int], None] = lambda step, steps: None,
) -> RunRecord:
    """Train, evaluate on validation and test, and record the run under models_folder/runs/.

    Raises Damaged where the snapshot does not verify, TrainingError for a model, tokenizer or
    split that cannot be used.
    """
    _quieten()
    verify(snapshot)
    set_seed(arguments.seed)
    tokenizer, model = _load(snapshot, arguments)
    splits = packed_splits(snapshot, tokenizer, arguments.block_size)
    record = asdict(arguments) | ({"model": "tiny"} if arguments.tiny else {})
    run = open_run(models_folder, "mlm", snapshot, record)
    trainer = _trainer(run.folder, tokenizer, model, splits, arguments, progress)
    before = _evaluation(trainer, splits["validation"])
    trainer.train()
    # Before the last evaluations, which Trainer would log as further points of validation.
    history = [{"step": 0, "eval_loss": before["loss"]}, *trainer.state.log_history]
    evaluation = {name: _evaluation(trainer, splits[name]) for name in ("validation", "test")}
    output = run.folder / "model"
    trainer.save_model(str(output))
    tokenizer.save_pretrained(str(output))
    if trainer.is_world_process_zero():
        plot_loss(history, run.folder / "loss.png", title=f"MLM on {snapshot.name}")
        run.complete(
            evaluation=evaluation | {"validation_before": before},
            history=[entry for entry in history if "loss" in entry or "eval_loss" in entry],
            tokens={name: blocks.token_count for name, blocks in splits.items()},
            parameters=model.num_parameters(),
            steps=trainer.state.global_step,
            world_size=trainer.args.world_size,
            device=str(trainer.args.device),
            fill_mask=fill_mask_samples(model, tokenizer, split_texts(snapshot, "test")),
        )
    return run


def _quieten() -> None:
    """Keep the libraries' own bars and kernel notices off stderr; ours say what is going on."""
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()


def _load(snapshot: Snapshot, arguments: MlmArguments):
    """Tokenizer and model: tiny ones made on the spot, or any local or hub name."""
    if arguments.tiny:
        tokenizer = tiny_tokenizer(split_texts(snapshot, "train"))
        return tokenizer, tiny_model(tokenizer, arguments.block_size)
    try:
        tokenizer = AutoTokenizer.from_pretrained(arguments.model)
        model = AutoModelForMaskedLM.from_pretrained(arguments.model)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"cannot load the model {arguments.model}: {reason} "
            "(give --model a local folder or a hub name, or --tiny)"
        ) from error
    if tokenizer.mask_token_id is None:
        raise TrainingError(f"the tokenizer of {arguments.model} has no mask token: not for MLM")
    positions = model.config.max_position_embeddings - model.config.pad_token_id - 1
    if arguments.block_size > positions:
        raise TrainingError(
            f"--block-size {arguments.block_size} is more than the {positions} positions "
            f"of {arguments.model}"
        )
    return tokenizer, model


def _trainer(
    folder: Path, tokenizer, model, splits: dict[str, Blocks], arguments: MlmArguments, progress
) -> MlmTrainer:
    collator = StatelessMaskCollator(tokenizer, mlm_probability=arguments.mask_share)
    collator.mask_seed = arguments.seed
    trainer = MlmTrainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(folder / "model"),
            num_train_epochs=arguments.epochs,
            max_steps=arguments.max_steps,
            per_device_train_batch_size=arguments.batch_size,
            per_device_eval_batch_size=arguments.batch_size,
            gradient_accumulation_steps=arguments.gradient_accumulation,
            learning_rate=arguments.learning_rate,
            warmup_steps=arguments.warmup_share,
            weight_decay=arguments.weight_decay,
            bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
            eval_strategy="epoch",
            save_strategy="no",
            logging_steps=0.02,
            seed=arguments.seed,
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
            remove_unused_columns=False,
        ),
        data_collator=collator,
        train_dataset=splits["train"],
        eval_dataset=splits["validation"],
        processing_class=tokenizer,
        callbacks=[_Report(progress, collator)],
    )
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    return trainer


def _evaluation(trainer: MlmTrainer, blocks: Blocks) -> dict[str, float]:
    """Loss per masked token (nats) and perplexity on a split."""
    loss = trainer.evaluate(eval_dataset=blocks)["eval_loss"]
    return {"loss": round(loss, 4), "perplexity": round(math.exp(min(loss, 50.0)), 2)}
