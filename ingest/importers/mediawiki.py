"""XML exports of MediaWiki: one page per article, its wikitext as the body.

An article is a page of namespace 0 that is no redirect; of several revisions the newest lands. Its
address is the wiki's own for its title, and it is known by it, so a crawl of the wiki makes other
versions of the same document; its time is its revision's. Contributors' names are left out. The
file is parsed as it streams, with one revision in memory. Exports have no DTD; one is refused.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from xml.parsers import expat

from ingest.errors import SourceError
from ingest.importers.record import EPOCH, Reading, Record, opened, utc_time
from ingest.importers.xml import safe_parser
from ingest.urls import wiki_url

CONTENT_TYPE = "text/x-wiki"
_READ_BYTES = 1 << 18
_WANTED = frozenset("title ns id timestamp model text".split())
_REDIRECT = re.compile(r"\s*#\s*(redirect|வழிமாற்று)\s*:?\s*\[\[", re.IGNORECASE)


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """Articles of an export.

    Raises SourceError where it is no export, has entities of its own, or is cut; all whole pages
    before the cut are yielded.
    """
    dump = _Dump(file, reading)
    with opened(file, reading) as stream:
        try:
            while data := stream.read(_READ_BYTES):
                dump.parser.Parse(data, False)
                yield from dump.take()
            dump.parser.Parse(b"", True)
        except expat.ExpatError as error:
            yield from dump.take()
            raise SourceError(
                f"{file} is cut or broken in line {error.lineno} ({expat.ErrorString(error.code)})"
                ": fetch it again; whole pages before that have landed"
            ) from error
        except ValueError as error:
            raise SourceError(f"{file} is no export of MediaWiki: it {error}") from error
    yield from dump.take()


class _Dump:
    """What expat calls: collects the fields of a page and makes a record where it ends."""

    def __init__(self, file: Path, reading: Reading):
        self.file, self.reading = file, reading
        self.parser = safe_parser(namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        self.records: list[Record] = []
        self.address: Callable[[str], str] | None = None
        self.path: list[str] = []
        self.pieces: list[str] = []
        self.size = 0
        self.page: dict = {}
        self.revision: dict = {}

    def take(self) -> list[Record]:
        taken, self.records = self.records, []
        return taken

    def start(self, name: str, attributes: dict) -> None:
        name = name.rpartition(" ")[2]
        if not self.path and name != "mediawiki":
            raise ValueError(f"begins with <{name}> and not with <mediawiki>")
        self.path.append(name)
        if name == "page":
            self.page = {}
        elif name == "revision":
            self.revision = {}
        elif name == "redirect":
            self.page["redirect"] = True
        elif name in _WANTED or name == "base":
            self.pieces, self.size = [], 0
            self.parser.CharacterDataHandler = self.text

    def text(self, piece: str) -> None:
        self.size += len(piece)
        if self.size <= self.reading.max_record_bytes:
            self.pieces.append(piece)
        else:
            self.pieces.clear()  # too large; its size tells

    def end(self, _: str) -> None:
        name = self.path.pop()
        parent = self.path[-1] if self.path else ""
        if self.parser.CharacterDataHandler is not None:
            self.parser.CharacterDataHandler = None
            if parent == "page":
                self.page[name] = "".join(self.pieces)
            elif parent == "revision":
                self.revision[name] = "".join(self.pieces)
                if self.size > self.reading.max_record_bytes:
                    self.revision["too large"] = True
            elif name == "base":
                self.address = article_addresses("".join(self.pieces))
            self.pieces = []
        if name == "revision":
            self.keep_newest()
        elif name == "page":
            self.finish()

    def keep_newest(self) -> None:
        kept = self.page.get("revision")
        if kept is not None:
            self.reading.counts["older revisions"] += 1
        if kept is None or self.revision.get("timestamp", "") >= kept.get("timestamp", ""):
            self.page["revision"] = self.revision

    def finish(self) -> None:
        page, revision = self.page, self.page.get("revision", {})
        text, title = revision.get("text", ""), page.get("title", "")
        self.page = {}
        if reason := self.passed_over(page, revision, text):
            self.reading.counts[reason] += 1
        elif revision.get("too large") or len(text.encode()) > self.reading.max_record_bytes:
            self.reading.too_large(f"the page {title} in {self.file}")
        else:
            self.records.append(self.record(page, revision, text, title))

    def passed_over(self, page: dict, revision: dict, text: str) -> str | None:
        if page.get("ns", "0") != "0":
            return "pages of other namespaces"
        if page.get("redirect") or _REDIRECT.match(text):
            return "redirects"
        if revision.get("model", "wikitext") != "wikitext":
            return "pages that are no wikitext"
        if not page.get("title") or (not text.strip() and not revision.get("too large")):
            return "pages without text"
        return None

    def record(self, page: dict, revision: dict, text: str, title: str) -> Record:
        if self.address is None:
            raise ValueError("has no <base> address in its <siteinfo>")
        url, stamp = self.address(title), revision.get("timestamp", "")
        fetched_at = utc_time(stamp)
        if fetched_at is None:
            self.reading.counts["pages without a date"] += 1
        fields = {"title": title, "pageid": page.get("id"), "revid": revision.get("id")}
        return Record(
            url=url,
            identity=url,
            body=text.encode(),
            content_type=CONTENT_TYPE,
            fields=fields | {"published_at": stamp},
            fetched_at=fetched_at or EPOCH,
        )


def _refuse_doctype(*rest) -> None:
    raise ValueError("has a document type declaration, which exports never have")


def article_addresses(base: str) -> Callable[[str], str]:
    """Titles to addresses, after the address of the wiki's main page that an export gives."""
    if "title=" in base:
        front = base[: base.rindex("title=") + len("title=")]
    elif "/wiki/" in base:
        front = base[: base.index("/wiki/") + len("/wiki/")]
    else:
        front = base.rpartition("/")[0] + "/"

    return partial(wiki_url, front)
