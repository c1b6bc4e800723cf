"""Folders of Hugging Face datasets: saved with save_to_disk, cached, or cloned from the hub.

Each file is read as what it is: Arrow, Parquet or JSON. Of a saved dataset only the files count
that its state.json names; the cache files beside them hold results of `map` and indices. JSON that
describes a dataset is no data. A split's name, from the file or its folder, stays in the record.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import SourceError
from ingest.importers import jsonl, tables
from ingest.importers.record import Reading, Record

ABOUT = frozenset(
    "dataset_info.json state.json dataset_dict.json dataset_infos.json config.json".split()
)


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """Records of one file of a dataset's folder."""
    if file.name in ABOUT:
        yield from _missing(file)
    elif file.suffix == ".parquet":
        yield from tables.read(file, reading)
    elif file.suffix == ".arrow":
        if _is_data(file):
            yield from tables.read_arrow(file, reading)
        else:
            reading.counts["cache files"] += 1
    else:
        yield from jsonl.read(file, reading)


def _state(folder: Path) -> list[str] | None:
    """The data files that a saved dataset's state names, where there is one."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        return [entry["filename"] for entry in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_data(file: Path) -> bool:
    named = _state(file.parent)
    return file.name in named if named is not None else not file.name.startswith("cache-")


def _missing(file: Path) -> Iterator[Record]:
    """No record, but an error where a saved dataset lacks one of its files."""
    yield from ()
    if file.name == "state.json":
        lost = [name for name in _state(file.parent) or [] if not (file.parent / name).exists()]
        if lost:
            raise SourceError(f"{file.parent} lacks {lost[0]}: copy the whole folder again")
