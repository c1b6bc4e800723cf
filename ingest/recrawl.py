"""What earlier runs landed of a source, for the run that asks again.

A recrawl sends each page's validators (ETag, Last-Modified) and reads the links of a page that has
not changed from the bytes already landed. Validators are a server's own word, so they go back only
to the address they came from; elsewhere equal bytes are found by their hash.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.landing import crawl_record, landed_pages
from ingest.page import HTML_TYPES, media_type

_COLUMNS = ["canonical_url", "fetch_status", "etag", "last_modified", "body_sha256", "record"]
_CACHED_FILES = 4  # pages are asked for in much the order they landed in


@dataclass(frozen=True, slots=True)
class Prior:
    """The newest landed version of a page. `file` is where its bytes lie.

    `is_crawled` tells that a crawl asked for it; what was imported is not asked for. `record` is
    what was known of it beside its bytes: a feed that has moved on tells it no more.
    """

    body_sha256: str
    file: Path
    etag: str | None
    last_modified: str | None
    is_crawled: bool
    record: str | None

    def validators(self) -> dict[str, str]:
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


class PriorPages:
    """Newest versions by canonical url; `base_url` is the address the new run asks at."""

    def __init__(self, files: list[Path], base_url: str | None = None):
        self.files = files
        self._pages: dict[str, Prior] = {}
        self._bodies: OrderedDict[Path, dict[str, bytes]] = OrderedDict()
        for path in files:  # runs sort by their time, files by their number
            record = crawl_record(path.parent)
            is_crawl = bool(record)
            same_server = is_crawl and record.get("base_url") == base_url
            for row in landed_pages([path], _COLUMNS):
                self._note(row, path, is_crawl, same_server)

    def _note(self, row: dict, path: Path, is_crawl: bool, same_server: bool) -> None:
        url, status = row["canonical_url"], row["fetch_status"]
        etag, modified = (row["etag"], row["last_modified"]) if same_server else (None, None)
        if status == "ok" and row["body_sha256"]:
            before = self._pages.get(url)
            record = row["record"] or (before.record if before else None)
            digest = row["body_sha256"]
            self._pages[url] = Prior(digest, path, etag, modified, is_crawl, record)
        elif status == "not_modified" and (prior := self._pages.get(url)):
            if etag or modified:
                changed = {"etag": etag, "last_modified": modified, "is_crawled": is_crawl}
                self._pages[url] = replace(prior, **changed)
        elif status == "refused":
            self._pages.pop(url, None)  # asked anew: the reservation may be gone

    def __contains__(self, canonical: str) -> bool:
        return canonical in self._pages

    def crawled_urls(self) -> list[str]:
        """Canonical urls that crawls have landed and may ask for again."""
        return [url for url, prior in self._pages.items() if prior.is_crawled]

    def get(self, canonical: str) -> Prior | None:
        return self._pages.get(canonical)

    def html(self, canonical: str) -> bytes | None:
        """The landed bytes of a page if they are HTML."""
        prior = self._pages.get(canonical)
        if prior is None:
            return None
        if prior.file not in self._bodies:
            self._bodies[prior.file] = dict(_html_bodies(prior.file))
            while len(self._bodies) > _CACHED_FILES:
                self._bodies.popitem(last=False)
        self._bodies.move_to_end(prior.file)
        return self._bodies[prior.file].get(canonical)


def _html_bodies(path: Path):
    for row in landed_pages([path], ["canonical_url", "fetch_status", "content_type", "body"]):
        body = row["body"]
        if row["fetch_status"] == "ok" and body:
            if media_type(body, row["content_type"]) in HTML_TYPES:
                yield row["canonical_url"], body
