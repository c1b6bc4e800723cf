"""run.json: which snapshot a model saw, to the byte, and what became of it.

Written when the run starts and completed when it ends; a record without `completed_at` is a run
that did not finish.
"""

import json
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from ingest.errors import TrainingError
from ingest.landing import write_atomically
from warehouse.snapshots import Snapshot, file_sha256, git_commit

PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "pyarrow", "numpy")


@dataclass(slots=True)
class RunRecord:
    """A run's folder and its record."""

    folder: Path
    fields: dict

    @property
    def run_id(self) -> str:
        return self.folder.name

    def write(self) -> None:
        text = json.dumps(self.fields, ensure_ascii=False, indent=2) + "\n"
        write_atomically(self.folder / "run.json", lambda tmp: tmp.write_text(text, "utf-8"))

    def complete(self, **results) -> None:
        """Add the results and the hashes of everything the run wrote."""
        outputs = {
            str(path.relative_to(self.folder)): file_sha256(path)
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != "run.json"
        }
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.fields |= results | {"outputs": outputs, "completed_at": now}
        self.write()


def open_run(models_folder: Path, task: str, snapshot: Snapshot, arguments: dict) -> RunRecord:
    """A new run folder with its record as far as it is known at the start."""
    started = datetime.now(UTC)
    run_id = f"{snapshot.name}-{task}-{started.strftime('%Y%m%dT%H%M%S')}"
    folder = models_folder / "runs" / run_id
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise TrainingError(f"a run {run_id} started this very second: run again") from error
    manifest = snapshot.manifest
    record = RunRecord(
        folder,
        {
            "run_id": run_id,
            "task": task,
            "started_at": started.isoformat(timespec="seconds"),
            "snapshot": {
                "name": snapshot.name,
                "content_hash": snapshot.content_hash,
                "checks": manifest["checks"]["state"],
                "splits": manifest["splits"],
                "files": {
                    name: entry["sha256"]
                    for name, entry in manifest["files"].items()
                    if name.startswith("corpus/")
                },
            },
            "arguments": arguments,
            "versions": {package: metadata.version(package) for package in PACKAGES}
            | {"python": platform.python_version()},
            "git_commit": git_commit(),
        },
    )
    record.write()
    return record
