"""Project Madurai: its catalogue tells number, title, author and genre of every work.

The pages themselves name only who typed them. A work's HTML comes first; its PDF is asked for only
where there is no HTML, or where the server does not have it. Everything else the site links to is
crawled as on any site.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

import scrapy
from scrapy.http import Response
from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.links import location, page_links
from ingest.spiders.base import TEMPORARY
from ingest.spiders.site import SiteSpider
from ingest.urls import canonical_url

CATALOGUE = "pmworks.html"
_COLUMNS = ("number", "title", "author", "genre")


@dataclass(slots=True)
class Work:
    """The catalogue's entries that share one HTML text or, without one, one PDF."""

    entries: list[dict] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    pdf: list[str] = field(default_factory=list)

    def record(self) -> dict:
        """Each column's distinct values, in the catalogue's order."""
        joined = {
            name: "; ".join(dict.fromkeys(entry[name] for entry in self.entries if entry[name]))
            for name in _COLUMNS
        }
        return {name: value for name, value in joined.items() if value}


class MaduraiSpider(SiteSpider):
    name = "madurai"

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.works: dict[str, Work] = {}  # by the canonical url of each of its files
        self.missing: set[str] = set()
        self.frontier: list[str] = []
        self.moved: dict[str, str] = {}  # where a text's redirect led → the text

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """The catalogue before all else: what it says goes into the row of every text."""
        self.frontier = self.replay()
        catalogue = urljoin(self.source.home, CATALOGUE)
        if self.works:
            for request in self.rest():
                yield request
        else:
            self.seen.discard(canonical_url(catalogue))
            for request in self.ask(catalogue):
                yield request

    def rest(self) -> Iterator[scrapy.Request]:
        starts = [urljoin(self.source.home, relative) for relative in self.source.start_urls]
        yield from self.follow([*starts, *self.frontier])
        for work in {id(work): work for work in self.works.values()}.values():
            yield from self.ask_work(work)

    def links_of_row(self, row: dict) -> Iterator[str]:
        if self.is_catalogue(row["url"]):
            body = row["body"] or self.prior.html(row["canonical_url"])
            if body:
                self.read_catalogue(body, row["url"])
        links = list(super().links_of_row(row))
        if row["fetch_status"] == "redirect":
            self.note_move(row["canonical_url"], links)
        elif row["fetch_status"] == "http_error":
            self.note_missing(row["canonical_url"])
        yield from links

    def parse(self, response: Response, url: str, record: dict | None = None, hops: int = 0):
        is_catalogue = self.is_catalogue(url)
        canonical = canonical_url(url)
        if is_catalogue:
            self.read_catalogue(response.body or self.prior.html(canonical) or b"", url)
        work = self.works.get(canonical)
        yield from super().parse(response, url, work.record() if work else record, hops)
        if 300 <= response.status < 400:
            target = (response.headers.get("Location") or b"").decode("latin-1")
            self.note_move(canonical, location(url, target))
        elif response.status >= 400 and response.status not in TEMPORARY:
            self.note_missing(canonical)
            if work:
                yield from self.ask_work(work)
        if is_catalogue:
            if not self.works:
                self.warnings.append(f"{url} has no table of works; their titles are missing")
            yield from self.rest()

    def failed(self, failure):
        yield from super().failed(failure)
        if self.is_catalogue(failure.request.cb_kwargs["url"]):
            yield from self.rest()

    def ask_work(self, work: Work) -> Iterator[scrapy.Request]:
        """The work's texts, then its PDFs where not one of them is there."""
        yield from self.follow(work.html)
        if all(canonical_url(url) in self.missing for url in work.html):
            for url in map(self.source.public, work.pdf):
                if self.source.follows(url):
                    yield from self.ask(url)

    def note_move(self, canonical: str, targets: Iterable[str]) -> None:
        """A text's redirect: what it leads to is the text, and is missing where that is."""
        for target in (canonical_url(self.source.public(url)) for url in targets):
            self.moved.setdefault(target, canonical)
            if canonical in self.works:
                self.works.setdefault(target, self.works[canonical])

    def note_missing(self, canonical: str) -> None:
        self.missing.add(canonical)
        while (canonical := self.moved.pop(canonical, "")) and canonical not in self.missing:
            self.missing.add(canonical)

    def is_catalogue(self, url: str) -> bool:
        return url.rsplit("/", 1)[-1] == CATALOGUE

    def read_catalogue(self, body: bytes, url: str) -> None:
        """Fill `works` from the table: number, title, author, genre, PDF files, HTML files."""
        for row in LexborHTMLParser(body).css("tr"):
            cells = row.css("td")
            if len(cells) == 6:
                self._note(cells, url)

    def _note(self, cells: list[LexborNode], url: str) -> None:
        entry = {name: cells[i].text().strip() for i, name in enumerate(_COLUMNS)}
        if not entry["number"][:1].isdigit():
            return
        pdf, html = ([self.source.public(link) for link in _links(c, url)] for c in cells[4:])
        known = (self.works.get(canonical_url(link)) for link in html or pdf)
        work = next((one for one in known if one), None) or Work()
        work.entries.append(entry)
        work.html += [link for link in html if link not in work.html]
        work.pdf += [link for link in pdf if link not in work.pdf]
        for link in [*html, *pdf]:
            self.works.setdefault(canonical_url(link), work)


def _links(cell: LexborNode, url: str) -> list[str]:
    links = page_links(LexborHTMLParser(cell.html or ""), url)
    return [link for link in links if not link.endswith("/")]  # a folder is no text
