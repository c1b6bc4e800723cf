"""The engine under every import: reads files one after the other and lands their records.

A record's text becomes the body, its other fields are kept as JSON, and its id or url makes the
page's identity. Importing twice adds nothing; importing a changed text makes it the record's
newest version. Kinds that bring their own time (web archives, wiki dumps) land every version.

A file that is broken does not stop the others: what can be read of it lands, the others land, and
then the import ends with an error that names what could not be read. What a person cannot mend
but may want to know, such as lines that are no JSON, is a count and no error. A full disk ends
the import at once. Nothing of a record lands in half: files appear whole, batch by batch, and a
killed import is repeated by the same command.
"""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from ingest.errors import AadhanError, LandingError, SourceError
from ingest.importers.known import Known, page_number, version_key
from ingest.importers.record import MAX_RECORD_BYTES, Reading, Record, usable
from ingest.importers.sniff import check_kind
from ingest.kinds import KINDS, UNREAD_ENDINGS
from ingest.landing import Lander, new_run_id, run_lock, write_run_record
from ingest.page import Page, as_json, plain
from ingest.registry import CATEGORIES
from ingest.urls import canonical_url

FLUSH_ROWS = 2_000
PROGRESS_SECONDS = 0.2


def import_path(
    kind: str,
    path: Path,
    lake: Path,
    *,
    source: str,
    category: str | None = None,
    licence: str | None = None,
    base_url: str | None = None,
    text_column: str | None = None,
    per_line: bool = False,
    max_record_bytes: int = MAX_RECORD_BYTES,
    counts: Counter | None = None,
    on_note: Callable[[str], None] = lambda text: None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Counter:
    """Land the records of a file or folder; counts of landed, known and unusable ones.

    `category` is for records that name none; without it each kind has its own. `base_url` is the
    public address of a folder's root. `counts` may be given to have them where the import ends in
    an error. Progress is bytes read, of all bytes. Raises SourceError where the path is missing,
    is not of its kind, holds no usable record or could not be read whole.
    """
    if not path.exists():
        raise SourceError(f"no such file or folder: {path}")
    counts = Counter() if counts is None else counts
    reading = Reading(
        root=path,
        prefix=base_url or f"{source}:",
        text_column=text_column,
        per_line=per_line,
        max_record_bytes=max_record_bytes,
        on_note=on_note,
        counts=counts,
    )
    files = _files(kind, path)
    with run_lock(lake, source):
        landing = _Landing(kind, lake, source, category, licence, counts)
        broken = _land_all(kind, files, reading, landing, on_progress)
        landing.finish(kind, [str(error) for error in broken])
    if broken:
        raise _broken(broken, len(files), counts)
    if not counts["landed"] and not counts["known"]:
        other = {"response records": "warc", "conversion records": "wet"}
        fits = next((other[name] for name in other if counts[name]), "")
        hint = f": run aadhan import {fits} {path}" if fits else ""
        raise SourceError(f"{path}: no usable record of kind {kind}; {_why(counts)}{hint}")
    return counts


def _land_all(
    kind: str, files: list[Path], reading: Reading, landing: "_Landing", on_progress
) -> list[AadhanError]:
    """Land every file's records; the errors of those that could not be read whole."""
    read = import_module(f"ingest.importers.{KINDS[kind].module}").read
    sizes = [file.stat().st_size for file in files]
    total, done = sum(sizes), 0
    broken: list[AadhanError] = []
    for file, size in zip(files, sizes, strict=True):
        reading.tell = lambda: 0
        told_at = 0.0
        try:
            for record in read(file, reading):
                landing.land(record, reading)
                if (now := time.monotonic()) - told_at > PROGRESS_SECONDS:
                    told_at = now
                    on_progress(done + min(reading.tell(), size), total)
        except LandingError:
            raise
        except AadhanError as error:
            broken.append(error)
        except OSError as error:
            if error.filename is None:
                raise
            broken.append(SourceError(f"{file} cannot be read: {error.strerror}"))
        broken += [SourceError(text) for text in reading.damage]
        reading.damage.clear()
        done += size
        on_progress(done, total)
    return broken


class _Landing:
    """Makes pages of records and lands those that are not known."""

    def __init__(
        self,
        kind: str,
        lake: Path,
        source: str,
        category: str | None,
        licence: str | None,
        counts: Counter,
    ):
        self.is_dated = KINDS[kind].is_dated
        self.kind_category = KINDS[kind].category
        self.source, self.category, self.licence = source, category, licence
        self.folder = lake / "raw" / f"source={source}" / f"run={new_run_id()}"
        self.run_id = self.folder.name.removeprefix("run=")
        self.lander = Lander(self.folder, max_rows=FLUSH_ROWS)
        self.counts = counts
        self.known = Known.landed(lake, source, self.is_dated)
        self.here = Known()

    def land(self, record: Record, reading: Reading) -> None:
        if len(record.body or b"") > reading.max_record_bytes:
            reading.too_large(f"{record.url}")
            return
        identity = canonical_url(usable(record.identity))
        row = self.row(record, identity)
        if self.is_dated:
            key = version_key(row["page_id"], row["fetched_at"])
        else:
            identity, row, key = self.of_its_own(record, identity, row)
        number = page_number(row["page_id"])
        before = self.known.get(key)
        if before == number:
            self.counts["known"] += 1
            return
        if before is not None and not self.is_dated:
            self.counts["landed as new versions of known records"] += 1
        self.known.set(key, number)
        self.lander.add_row(row)
        self.counts["landed"] += 1
        if record.fetch_status != "ok":
            self.counts[f"landed as {record.fetch_status}"] += 1

    def of_its_own(self, record: Record, identity: str, row: dict) -> tuple[str, dict, int]:
        """Records of one address with other texts are records of their own."""
        key, number = hash(identity), page_number(row["page_id"])
        first = self.here.get(key)
        if first is not None and first != number:
            identity = f"record:{identity}#{hashlib.sha256(record.body or b'').hexdigest()[:16]}"
            row = self.row(record, identity)
            key, number = hash(identity), page_number(row["page_id"])
        self.here.set(key, number)
        return identity, row, key

    def row(self, record: Record, identity: str) -> dict:
        """The row of a record; its own category and licence go before the given ones."""
        fields = record.fields
        own = str(fields.get("category") or "")
        default = self.category or record.default_category or self.kind_category
        own_licence = fields.get("licence") or fields.get("license")
        return Page(
            url=plain(record.url),
            source=self.source,
            category=own if own in CATEGORIES else default,
            run_id=self.run_id,
            fetched_at=record.fetched_at or datetime.now(UTC),
            fetch_status=record.fetch_status,
            fetch_detail=record.fetch_detail,
            http_status=record.http_status,
            content_type=record.content_type,
            headers=record.headers,
            body=record.body,
            etag=record.etag,
            last_modified=record.last_modified,
            licence=str(own_licence) if own_licence else record.licence or self.licence,
            rights_signals=record.rights_signals,
            record=as_json(fields),
        ).row(canonical=identity)

    def finish(self, kind: str, broken: list[str]) -> None:
        self.lander.flush()
        if self.lander.landed_rows:
            record = {"kind": "import", "source": self.source, "finished": True}
            record |= {"format": kind, "counts": dict(self.counts), "broken": broken}
            write_run_record(self.folder, record)


def _files(kind: str, path: Path) -> list[Path]:
    """The files to read, in a fixed order. Hidden folders, such as git's, are passed over."""
    check_kind(kind, path)
    if path.is_file():
        return [path]
    endings = KINDS[kind].endings
    found = list(_walk(path))
    files = [file for file in found if file.name.lower().endswith(endings)]
    if not files:
        unread = [file for file in found if file.name.lower().endswith(UNREAD_ENDINGS)]
        hint = f"; unpack {unread[0].name} and the like first" if unread else ""
        raise SourceError(f"{path} holds no {' or '.join(endings)} files{hint}")
    return files


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(place, name)
            if not name.startswith(".") and file.is_file():
                yield file


def _broken(broken: list[AadhanError], file_count: int, counts: Counter) -> AadhanError:
    """One error for all: a single one as it is, of many the first ones and how many."""
    if len(broken) == 1:
        return broken[0]
    told = "; ".join(str(error) for error in broken[:5])
    more = f"; and {len(broken) - 5} more" if len(broken) > 5 else ""
    return SourceError(
        f"{len(broken)} places of {file_count} files could not be read, the rest landed "
        f"({_why(counts)}): {told}{more}"
    )


def _why(counts: Counter) -> str:
    reasons = [f"{count} {reason}" for reason, count in sorted(counts.items())]
    return ", ".join(reasons) or "it is empty"
