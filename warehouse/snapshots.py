"""Snapshots: a name, its manifest, its bytes; and what every reader of one needs.

A snapshot is a folder of plain Parquet and a `manifest.json`. It is made elsewhere in the lake and
moved into place in one rename, which fails where the name exists: a name is claimed and published
by the same atomic step, and no half-made snapshot can be seen. A name resolves to one content
hash for ever, or raises; there is no "latest".
"""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import duckdb

from ingest.errors import Damaged, NameTaken, NoSuchSnapshot, SettingsError
from ingest.landing import flush_folder

SPLITS = ("train", "validation", "test")
_GLOB = re.compile(r"[*?\[]")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

# The relations of a snapshot and the files they lie in.
RELATIONS = {
    "corpus": "corpus/*.parquet",
    "documents": "documents.parquet",
    "verdicts": "verdicts.parquet",
    "fates": "fates.parquet",
    "near_duplicate_pairs": "near_duplicate_pairs.parquet",
    "split_history": "split_history.parquet",
}

# Columns of the corpus in order, with what the content hash takes of each. Ratios and scores are
# rounded to four digits when they are made, so as integers they print alike in every engine.
CORPUS_COLUMNS = {
    "id": "id",
    "doc_id": "doc_id",
    "text": "text",
    "source": "source",
    "category": "category",
    "url": "url",
    "title": "title",
    "author": "author",
    "published_at": "published_at",
    "licence": "licence",
    "quality_score": "cast(round(quality_score * 10000) as bigint)",
    "tamil_ratio": "cast(round(tamil_ratio * 10000) as bigint)",
    "codepoint_count": "codepoint_count",
    "word_count": "word_count",
    "cluster_id": "cluster_id",
    "cluster_size": "cluster_size",
    "split": "split",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A published snapshot."""

    name: str
    folder: Path
    manifest: dict

    @property
    def content_hash(self) -> str:
        return self.manifest["content_hash"]

    def files(self, relation: str) -> list[Path]:
        """The Parquet files of one of its RELATIONS."""
        pattern = RELATIONS[relation]
        return [self.folder / name for name in self.manifest["files"] if fnmatch(name, pattern)]


def check_name(name: str) -> str:
    if NAME.fullmatch(name) and ".." not in name:
        return name
    raise SettingsError(
        f"snapshot name {name!r} cannot be used: write letters, digits, dots, - and _, "
        "such as ta-2026.11"
    )


def list_snapshots(lake: Path) -> list[Snapshot]:
    """All published snapshots, oldest first."""
    found = [_read(path.parent) for path in (lake / "snapshots").glob("*/manifest.json")]
    return sorted(found, key=lambda one: (one.manifest["created_at"], one.name))


def find_snapshot(lake: Path, name: str) -> Snapshot:
    """The snapshot of this name.

    Raises NoSuchSnapshot, and Damaged where its manifest cannot be read.
    """
    folder = lake / "snapshots" / check_name(name)
    if (folder / "manifest.json").exists():
        return _read(folder)
    known = ", ".join(one.name for one in list_snapshots(lake))
    raise NoSuchSnapshot(
        f"no snapshot {name!r} in {lake}: "
        + (f"there are {known}" if known else "it has none yet; make one with aadhan build")
    )


def _read(folder: Path) -> Snapshot:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        sealed = manifest["seal"] == seal(manifest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path} is not a manifest: restore it from a copy") from error
    if not sealed:
        raise Damaged(f"{path} was edited after it was sealed: restore it from a copy")
    if manifest["name"] != folder.name:
        raise Damaged(f"{folder} holds the snapshot {manifest['name']}: give it its name back")
    return Snapshot(folder.name, folder, manifest)


def refuse_taken(lake: Path, name: str) -> None:
    if (lake / "snapshots" / check_name(name)).exists():
        raise NameTaken(
            f"the name {name} is taken and names are never reused: choose another, such as {name}-1"
        )


def publish(candidate: Path, lake: Path, name: str) -> Snapshot:
    """Give a finished candidate folder its name. Raises NameTaken where somebody was faster."""
    for path in [*candidate.rglob("*.parquet"), candidate / "manifest.json"]:
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    for folder in [*(path for path in candidate.rglob("*") if path.is_dir()), candidate]:
        flush_folder(folder)
    target = lake / "snapshots" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    refuse_taken(lake, name)
    try:
        candidate.rename(target)
    except OSError:
        refuse_taken(lake, name)  # lost a race: rename does not replace a folder that has files
        raise
    flush_folder(target.parent)
    return _read(target)


def seal(manifest: dict) -> str:
    """sha256 of the manifest without its seal, as canonical JSON."""
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(canonical_json(rest).encode()).hexdigest()


def canonical_json(value) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def git_commit() -> str | None:
    """The commit of the checkout this runs from, if it is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return run.stdout.strip() or None


def file_sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """sha256 over the rows of a corpus in the order of their ids, whatever files they lie in.

    Each row gives sha256 of its columns joined by the unit separator, null as record separator.
    """
    values = ", ".join(
        f"coalesce(cast({value} as varchar), chr(30))" for value in CORPUS_COLUMNS.values()
    )
    rows = connection.execute(
        f"select sha256(concat_ws(chr(31), {values})) from {relation} order by id"
    )
    digest = hashlib.sha256()
    while chunk := rows.fetchmany(10_000):
        digest.update("".join(row[0] for row in chunk).encode())
    return digest.hexdigest()


def parquet_relation(files: list[Path]) -> str:
    """A table function over Parquet files, for the FROM of a query.

    The files are named literally: no globbing, no columns made of folders called `key=value`.
    """
    names = ", ".join(sql_text(literal_glob(path)) for path in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def literal_glob(path: Path) -> str:
    """A pattern that matches this path alone."""
    return _GLOB.sub(r"[\g<0>]", str(path))


def sql_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def verify_files(snapshot: Snapshot, relations: Iterable[str] = ()) -> None:
    """Recompute the hash of every file of the relations, of all of them if none are named.

    Raises Damaged naming the first that differs.
    """
    patterns = [RELATIONS[relation] for relation in relations]
    for name, entry in snapshot.manifest["files"].items():
        if patterns and not any(fnmatch(name, pattern) for pattern in patterns):
            continue
        path = snapshot.folder / name
        if not path.exists():
            raise Damaged(f"snapshot {snapshot.name}: {name} is missing; restore {path}")
        if file_sha256(path) != entry["sha256"]:
            raise Damaged(
                f"snapshot {snapshot.name}: {name} was changed after it was frozen; restore {path}"
            )


def verify(snapshot: Snapshot) -> dict:
    """Recompute every hash of a snapshot. Raises Damaged naming what differs."""
    verify_files(snapshot)
    with duckdb.connect() as connection:
        found = content_hash(connection, parquet_relation(snapshot.files("corpus")))
    if found != snapshot.content_hash:
        raise Damaged(f"snapshot {snapshot.name}: the content hash of its rows is {found}")
    return {
        "name": snapshot.name,
        "content_hash": found,
        "files": len(snapshot.manifest["files"]),
        "rows": snapshot.manifest["rows"],
        "verified": True,
    }
