"""Export: a snapshot as Hugging Face JSONL, with a dataset card and a manifest of its own.

train.jsonl, validation.jsonl and test.jsonl, rows in the order of their ids; the same snapshot
gives the same bytes anywhere. The folder is finished beside its place and moved there in one step.
"""

import json
import shutil
import uuid
from pathlib import Path

import duckdb

from ingest.errors import Damaged, LandingError, SettingsError, SnapshotError
from ingest.landing import flush_folder
from warehouse.card import card
from warehouse.snapshots import (
    SPLITS,
    Snapshot,
    file_sha256,
    parquet_relation,
    seal,
    sql_text,
    verify_files,
)

COLUMNS = ("id", "text", "source", "category", "url", "title", "quality_score", "tamil_ratio")


def export(snapshot: Snapshot, folder: Path, *, overwrite: bool = False) -> dict:
    """Write the snapshot's splits, card and manifest to a folder; the manifest.

    A folder that holds this very export is left as it is. Raises SettingsError where it holds
    anything else, unless `overwrite` replaces an earlier export, and Damaged where the snapshot's
    own files do not verify.
    """
    folder = folder.resolve()
    verify_files(snapshot)
    if folder.exists() and any(folder.iterdir()):
        held = _held(folder)
        if not held or {path.name for path in folder.iterdir()} - {*held["files"], "manifest.json"}:
            raise SettingsError(f"{folder} holds files that are no export: choose another folder")
        is_same = (held["name"], held["content_hash"]) == (snapshot.name, snapshot.content_hash)
        if is_same and not overwrite:
            return verify_export(folder)
        if not overwrite:
            raise SettingsError(
                f"{folder} holds an export of {held['name']}: choose another folder or --overwrite"
            )
    tmp = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        tmp.mkdir(parents=True)
        manifest = _write(snapshot, tmp)
        old = tmp.with_suffix(".old")
        if folder.exists():
            folder.rename(old)
        tmp.rename(folder)
        flush_folder(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, duckdb.IOException) as error:
        reason = str(error).splitlines()[0]
        raise LandingError(f"cannot export to {folder}: {reason}; make room and retry") from error
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return manifest


def _write(snapshot: Snapshot, folder: Path) -> dict:
    files = {}
    with duckdb.connect() as connection:
        relation = parquet_relation(snapshot.files("corpus"))
        for split in SPLITS:
            path = folder / f"{split}.jsonl"
            rows = connection.execute(
                f"copy (select {', '.join(COLUMNS)} from {relation} where split = '{split}' "
                f"order by id) to {sql_text(str(path))} (format json)"
            ).fetchall()[0][0]
            files[path.name] = {"rows": rows, "sha256": file_sha256(path)}
    manifest = {
        "format": 1,
        "kind": "export",
        "name": snapshot.name,
        "content_hash": snapshot.content_hash,
        "recipe_hash": snapshot.manifest["recipe_hash"],
        "checks": snapshot.manifest["checks"]["state"],
        "columns": list(COLUMNS),
        "files": files,
    }
    (folder / "README.md").write_text(card(snapshot, files), encoding="utf-8")
    manifest["files"]["README.md"] = {"sha256": file_sha256(folder / "README.md")}
    manifest["seal"] = seal(manifest)
    text = json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return manifest


def _held(folder: Path) -> dict | None:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        is_export = manifest["kind"] == "export" and {"name", "content_hash"} <= manifest.keys()
        return manifest if is_export and isinstance(manifest["files"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def verify_export(folder: Path) -> dict:
    """Check an export against its own manifest, offline. Raises Damaged naming what differs."""
    manifest = _held(folder)
    if manifest is None:
        raise SnapshotError(f"{folder} holds no manifest.json of an aadhan export")
    if manifest.get("seal") != seal(manifest):
        raise Damaged(f"{folder}/manifest.json was edited after the export: export it again")
    for name, entry in manifest["files"].items():
        path = folder / name
        if not path.exists():
            raise Damaged(f"{path} is missing: export {manifest['name']} again with --overwrite")
        if file_sha256(path) != entry["sha256"]:
            raise Damaged(
                f"{path} was changed after the export: "
                f"export {manifest['name']} again with --overwrite"
            )
    return manifest
