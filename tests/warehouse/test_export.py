"""Exports: what people load with datasets, and can check offline."""

import json
import shutil

import pytest
from conftest import run_aadhan

from ingest.errors import Damaged, SettingsError, SnapshotError
from warehouse.export import COLUMNS, export, verify_export
from warehouse.snapshots import SPLITS


def test_files_rows_and_columns(demo, tmp_path):
    manifest = export(demo, tmp_path / "hf")
    names = {path.name for path in (tmp_path / "hf").iterdir()}
    assert names == {"train.jsonl", "validation.jsonl", "test.jsonl", "README.md", "manifest.json"}
    total = 0
    for split in SPLITS:
        lines = (tmp_path / "hf" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        assert len(rows) == manifest["files"][f"{split}.jsonl"]["rows"]
        assert all(list(row) == list(COLUMNS) for row in rows)
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        total += len(rows)
    assert total == demo.manifest["rows"]


def test_datasets_loads_all_three_splits(demo, tmp_path):
    datasets = pytest.importorskip("datasets")
    export(demo, tmp_path / "hf")
    files = {split: str(tmp_path / "hf" / f"{split}.jsonl") for split in SPLITS}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"))
    assert {split: len(loaded[split]) for split in SPLITS} == {
        split: entry["rows"] for split, entry in demo.manifest["splits"].items()
    }
    assert "தமிழ்" in " ".join(loaded["train"]["text"])


def test_the_card_tells_licences_and_how_to_remake_it(demo, tmp_path):
    export(demo, tmp_path / "hf")
    card = (tmp_path / "hf" / "README.md").read_text(encoding="utf-8")
    assert "CC0-1.0" in card and "aadhan build --name demo" in card
    assert demo.content_hash in card and "All checks passed" in card


def test_exporting_again_changes_nothing_and_other_files_are_never_replaced(demo, tmp_path):
    first = export(demo, tmp_path / "hf")
    assert export(demo, tmp_path / "hf") == first
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(SettingsError, match="holds files that are no export"):
        export(demo, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_export_of_another_snapshot_is_replaced_only_when_asked(demo, demo_lake, tmp_path):
    lake = tmp_path / "lake"
    shutil.copytree(demo_lake / "raw", lake / "raw")
    more = ("--lake", lake, "--unchecked", "--max-records", "20")
    assert run_aadhan("build", "--name", "few", *more, cwd=tmp_path).returncode == 0
    from warehouse.snapshots import find_snapshot

    few = find_snapshot(lake, "few")
    export(demo, tmp_path / "hf")
    with pytest.raises(SettingsError, match="holds an export of demo"):
        export(few, tmp_path / "hf")
    assert export(few, tmp_path / "hf", overwrite=True)["name"] == "few"
    card = (tmp_path / "hf" / "README.md").read_text(encoding="utf-8")
    assert "published without checks" in card
    assert not list(tmp_path.glob(".hf*"))


def test_any_change_in_an_export_is_found(demo, tmp_path):
    folder = tmp_path / "hf"
    for name in ("train.jsonl", "README.md", "manifest.json"):
        export(demo, folder)
        verify_export(folder)
        text = (folder / name).read_bytes()
        (folder / name).write_bytes(text.replace(b"demo", b"Demo", 1))
        with pytest.raises(Damaged):
            verify_export(folder)
        shutil.rmtree(folder)
    for text in ("", "[]", "{", '{"kind": "export"}', '{"kind": "export", "files": 3}'):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(SnapshotError, match="holds no manifest.json"):
            verify_export(tmp_path)


def test_a_damaged_snapshot_is_not_exported(demo_lake, tmp_path):
    from warehouse.snapshots import find_snapshot

    shutil.copytree(demo_lake / "snapshots", tmp_path / "snapshots")
    snapshot = find_snapshot(tmp_path, "demo")
    path = snapshot.folder / "corpus" / "demo.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Damaged, match="was changed after it was frozen"):
        export(snapshot, tmp_path / "hf")
    assert not (tmp_path / "hf").exists()
    path.write_bytes(path.read_bytes()[:50])
    for verb in (("sql", "select 1", "--at", "demo"), ("check", "demo")):
        done = run_aadhan(*verb, "--lake", tmp_path)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert "cannot be read" in done.stderr
    shutil.move(tmp_path / "snapshots" / "demo", tmp_path / "snapshots" / "other")
    with pytest.raises(Damaged, match="give it its name back"):
        find_snapshot(tmp_path, "other")


def test_a_damaged_export_is_made_again_when_asked_and_strangers_stay(demo, tmp_path, monkeypatch):
    folder = tmp_path / "hf"
    export(demo, folder)
    (folder / "train.jsonl").write_text("x")
    with pytest.raises(Damaged, match="--overwrite"):
        export(demo, folder)
    export(demo, folder, overwrite=True)
    verify_export(folder)
    (folder / ".git").mkdir()
    with pytest.raises(SettingsError, match="files that are no export"):
        export(demo, folder, overwrite=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    from pathlib import Path

    assert export(demo, Path("."))["name"] == "demo"


def test_an_empty_split_is_not_promised(demo_texts, land, recipe, tmp_path):
    datasets = pytest.importorskip("datasets")
    from warehouse.build import build

    lake = land(tmp_path / "lake", dict(list(demo_texts.items())[:6]))
    folder = tmp_path / "hf"
    export(build(lake, recipe("x", build={"train_permille": 1000}), gate=None), folder)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "split: train" in card and "split: test" not in card
    code = card.split("```python\n")[1].split("```")[0]
    monkey = code.replace('f"{split}.jsonl"', f'f"{folder}/{{split}}.jsonl"')
    names = {}
    exec(monkey.replace('"json",', f'"json", cache_dir="{tmp_path}/cache",'), names)
    assert isinstance(names["corpus"], datasets.DatasetDict) and len(names["corpus"]["train"]) == 6
