"""Record: what a reader found; Reading: what it is told, and what it tells beside records.

A reader is `read(file, reading)`, a generator of Records of one file. It counts what it passes
over, notes what a person should look at, and tells as damage what it could not read although it
went on. Where it cannot go on it raises a SourceError or LakeError.
"""

import bz2
import gzip
import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from ingest.errors import SourceError
from ingest.urls import canonical_url

MAX_RECORD_BYTES = 20_000_000
MAX_NOTES = 20
# The time of records that should have one and do not: every dated version is newer.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CUT_OR_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a reader found it. `identity` is its id where it has one, else its url.

    `fetched_at` is set by kinds that bring their own time; the others land as of now.
    `default_category` is for records that neither name one nor are given one.
    """

    url: str
    identity: str
    body: bytes | None
    content_type: str | None
    fields: dict
    default_category: str | None = None
    fetched_at: datetime | None = None
    fetch_status: str = "ok"
    fetch_detail: str | None = None
    http_status: int | None = None
    headers: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    licence: str | None = None
    rights_signals: str | None = None


@dataclass(slots=True)
class Reading:
    """One import as its readers see it. `prefix` begins the addresses of what has none."""

    root: Path
    prefix: str
    text_column: str | None = None
    per_line: bool = False
    max_record_bytes: int = MAX_RECORD_BYTES
    on_note: Callable[[str], None] = lambda text: None
    counts: Counter = field(default_factory=Counter)
    damage: list[str] = field(default_factory=list)
    tell: Callable[[], int] = lambda: 0
    _note_count: int = 0

    def note(self, text: str) -> None:
        """Say something to look at; the first ones only, counts tell how many there are."""
        self._note_count += 1
        if self._note_count <= MAX_NOTES:
            self.on_note(text)

    def damaged(self, text: str) -> None:
        """Tell of bytes that could not be read although reading goes on."""
        self.damage.append(text)

    def too_large(self, where: str) -> None:
        self.counts["too large"] += 1
        self.note(f"{where} is larger than {self.max_record_bytes:,} bytes; it does not land")

    def address(self, file: Path) -> str:
        """A file's address: the prefix and its path in the folder."""
        root = self.root if self.root.is_dir() else self.root.parent
        joint = "" if self.prefix.endswith((":", "/")) else "/"
        # Quoted as bytes: names may hold #, ? or what is no UTF-8.
        return f"{self.prefix}{joint}{quote(os.fsencode(file.relative_to(root)))}"

    def whole_file(self, file: Path) -> bytes | None:
        """A file as one record's body; None, and counted, where it is empty or too large."""
        size = file.stat().st_size
        if not size:
            self.counts["empty files"] += 1
        elif size > self.max_record_bytes:
            self.too_large(str(file))
        else:
            return file.read_bytes()
        return None


@contextmanager
def opened(file: Path, reading: Reading) -> Iterator[BinaryIO]:
    """A file as bytes, unpacked where its name ends in .gz or .bz2.

    Raises SourceError where its compression is cut or damaged; what was read before stays read.
    """
    with open(file, "rb") as raw:
        reading.tell = raw.tell
        unpacked = {".gz": gzip.open, ".bz2": bz2.open}.get(file.suffix)
        try:
            yield unpacked(raw) if unpacked else raw  # type: ignore[misc]
        except _CUT_OR_DAMAGED as error:
            raise cut(file, error) from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise cut(file, error) from error


def cut(file: Path, reason: object) -> SourceError:
    return SourceError(
        f"{file} is cut or damaged ({reason}): fetch it again; what was landed before "
        "stays, and importing again goes on from there"
    )


def usable(url: str) -> str:
    """The url, or, where it cannot be one, the same text as a record id."""
    try:
        canonical_url(url)
        return url
    except ValueError:
        return f"record:{url}"


def utc_time(text: str | None) -> datetime | None:
    """An ISO time in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(text or "")
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def jsonable(value) -> Any:
    """A value that JSON holds; dates, bytes and numbers of other kinds as text."""
    if isinstance(value, dict):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(one) for one in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def parsed_json(text: str | bytes):
    """JSON as Python reads it; ValueError for everything that is none, too deep nesting too."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
