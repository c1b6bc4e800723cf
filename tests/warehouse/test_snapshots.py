"""Names and bytes: claimed once, verified to the byte."""

import json
import random
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import run_aadhan

from ingest.errors import Damaged, NameTaken, NoSuchSnapshot, SettingsError
from warehouse.snapshots import check_name, find_snapshot, list_snapshots, publish, verify


@pytest.fixture
def copy(demo_lake, tmp_path):
    """A lake with a copy of the demo snapshot that may be damaged."""
    shutil.copytree(demo_lake / "snapshots", tmp_path / "lake" / "snapshots")
    return tmp_path / "lake"


def test_a_snapshot_verifies_wherever_it_lies(copy, demo):
    assert verify(find_snapshot(copy, "demo"))["content_hash"] == demo.content_hash


def test_any_changed_byte_is_found(copy):
    folder = find_snapshot(copy, "demo").folder
    chance = random.Random(5)
    for path in sorted(folder.rglob("*.parquet")):
        whole = path.read_bytes()
        for _ in range(8):
            place = chance.randrange(len(whole))
            changed = bytearray(whole)
            changed[place] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            with pytest.raises(Damaged, match=path.name):
                verify(find_snapshot(copy, "demo"))
        path.write_bytes(whole)
    verify(find_snapshot(copy, "demo"))


def test_a_missing_file_is_found(copy):
    (find_snapshot(copy, "demo").folder / "verdicts.parquet").unlink()
    with pytest.raises(Damaged, match="verdicts.parquet is missing"):
        verify(find_snapshot(copy, "demo"))


def test_an_edited_manifest_is_found(copy):
    path = copy / "snapshots" / "demo" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"rows": manifest["rows"] + 1}))
    with pytest.raises(Damaged, match="was edited"):
        find_snapshot(copy, "demo")
    path.write_text("{")
    with pytest.raises(Damaged, match="is not a manifest"):
        list_snapshots(copy)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "a b", "a\n", "x" * 101, "a..b"])
def test_names_that_cannot_be(name):
    with pytest.raises(SettingsError):
        check_name(name)


def test_ten_writers_race_for_a_name_and_one_wins(demo, tmp_path):
    candidates = [shutil.copytree(demo.folder, tmp_path / f"c{number}") for number in range(10)]

    def attempt(candidate):
        try:
            return publish(candidate, tmp_path / "lake", "demo").name
        except NameTaken as error:
            return str(error)

    with ThreadPoolExecutor(10) as pool:
        results = list(pool.map(attempt, candidates))
    assert results.count("demo") == 1
    assert sum("never reused" in result for result in results) == 9
    verify(find_snapshot(tmp_path / "lake", "demo"))


def test_a_name_resolves_or_raises(demo_lake):
    for name in ("Demo", "demo2", "dem"):
        with pytest.raises(NoSuchSnapshot, match="there are demo"):
            find_snapshot(demo_lake, name)


def test_verify_as_a_command(copy):
    assert run_aadhan("verify", "demo", "--lake", copy).returncode == 0
    path = find_snapshot(copy, "demo").folder / "corpus" / "demo.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    done = run_aadhan("verify", "demo", "--lake", copy)
    assert done.returncode == 1 and "was changed after it was frozen" in done.stderr
