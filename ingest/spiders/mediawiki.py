"""A MediaWiki by its API: all articles at first, then what has changed.

First the titles with the number of their latest revision, then the wikitext of those that are not
in the lake, dumps included. After a finished crawl the wiki's recent changes tell the titles, as
long as it keeps them. Requests carry maxlag, follow continuation, and wait when the wiki is busy.
The API has its own etiquette, which invites such clients; robots.txt speaks of its index pages, so
the registry exempts the API's path by name.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urljoin

import scrapy
from scrapy.http import Response

from ingest.landing import landed_pages
from ingest.page import Page, as_json
from ingest.rights import header_signals, refusal
from ingest.robots import Disallowed, Reserved
from ingest.spiders.base import SourceSpider, response_headers, told
from ingest.urls import canonical_url, wiki_url

TITLES_PER_REQUEST = 500
TEXTS_PER_REQUEST = 50
KEPT_CHANGES = timedelta(days=29)  # a wiki keeps its recent changes for 30 days or more
MAX_WAITS = 20
_BUSY = frozenset(["maxlag", "ratelimited", "readonly"])


class MediaWikiSpider(SourceSpider):
    name = "mediawiki"
    asks_pages = False

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.revisions: dict[str, int] = {}

    async def start(self) -> AsyncIterator[scrapy.Request]:
        self.replay()
        self.revisions = dict(_revisions([*self.prior.files, *self.landed]))
        recent = self.since and datetime.now(UTC) - self.since < KEPT_CHANGES
        if recent and self.since:
            titles = {
                "generator": "recentchanges",
                "grcnamespace": "|".join(map(str, self.source.namespaces)),
                "grctype": "edit|new|log",  # a page restored or moved is told by the log alone
                "grcdir": "newer",
                "grcstart": self.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "grclimit": TITLES_PER_REQUEST,
            }
            yield self.api(self.parse_titles, titles)
            return
        for namespace in self.source.namespaces:
            titles = {
                "generator": "allpages",
                "gapnamespace": namespace,
                "gapfilterredir": "nonredirects",
                "gaplimit": TITLES_PER_REQUEST,
            }
            yield self.api(self.parse_titles, titles)

    def api(self, callback, query: dict, **more) -> scrapy.Request:
        fixed = {"action": "query", "format": "json", "formatversion": 2, "maxlag": 5}
        url = urljoin(self.source.home, self.source.api)
        if callback == self.parse_titles:
            fixed["prop"] = "info"
        # Continuation's own keys go last: they replace what they continue.
        address = f"{url}?{urlencode(fixed | query | more.get('continued', {}))}"
        return self.request(address, callback, query=query, **more)

    async def parse_titles(self, response, url, query, continued=None, waits=0):
        answer, again = await self.read(response, self.parse_titles, query, continued, waits)
        if again:
            yield again
            return
        pages = answer.get("query", {}).get("pages", [])
        if reason := refusal(header_signals(response_headers(response), url)):
            for row in self.refused(pages, reason):
                yield row
            return
        wanted = [
            page["pageid"]
            for page in pages
            if "pageid" in page and not page.get("redirect") and self.is_new(page)
        ]
        for first in range(0, len(wanted), TEXTS_PER_REQUEST):
            ids = wanted[first : first + TEXTS_PER_REQUEST]
            yield self.texts({"pageids": "|".join(map(str, ids))})
        if "continue" in answer:
            yield self.api(self.parse_titles, query, continued=answer["continue"])

    def refused(self, pages: list[dict], reason: str) -> Iterator[Page]:
        """Rows for what a wiki lists and for all that was landed, where it reserves its texts."""
        for page in pages:
            url = self.address_of(page["title"])
            if canonical_url(url) not in self.seen:
                self.seen.add(canonical_url(url))
                yield self.row(url, fetch_status="refused", fetch_detail=reason)
        yield from self.withdraw(reason)

    def is_new(self, page: dict) -> bool:
        """Whether a listed page's latest revision is not in the lake, and there is room for it."""
        url = self.address_of(page["title"])
        canonical = canonical_url(url)
        if canonical in self.seen or self.quota.is_full(self.source.category_of(url)):
            return False
        if self.revisions.get(canonical) == page.get("lastrevid"):
            return False
        self.seen.add(canonical)
        return True

    def texts(self, query: dict) -> scrapy.Request:
        wanted = {"prop": "revisions", "rvprop": "ids|timestamp|content", "rvslots": "main"}
        return self.api(self.parse_texts, wanted | query)

    async def parse_texts(self, response, url, query, continued=None, waits=0):
        answer, again = await self.read(response, self.parse_texts, query, continued, waits)
        if again:
            yield again
            return
        signals = header_signals(response_headers(response), url)
        for page in answer.get("query", {}).get("pages", []):
            for row in self.rows_of(page, signals):
                yield row
        if reason := refusal(signals):
            for row in self.withdraw(reason):
                yield row
        if "continue" in answer:
            yield self.api(self.parse_texts, query, continued=answer["continue"])

    def rows_of(self, page: dict, signals: dict) -> Iterator[Page]:
        """The row of a page with its text; a page whose text comes with a later part has none."""
        if page.get("missing"):
            self.left["articles that were deleted while the crawl went on"] += 1
            return
        revision = next(iter(page.get("revisions", [])), {})
        slot = revision.get("slots", {}).get("main", {})
        url = self.address_of(page["title"])
        category = self.source.category_of(url)
        if "content" not in slot or self.quota.is_full(category):
            return
        self.quota.take(category)
        reason = refusal(signals)
        record = {
            "title": page["title"],
            "pageid": page["pageid"],
            "revid": revision["revid"],
            "published_at": revision["timestamp"],
        }
        kind = slot.get("contentformat", "text/x-wiki")
        yield self.row(
            url,
            fetch_status="refused" if reason else "ok",
            fetch_detail=reason,
            http_status=200,
            content_type=f"{kind}; charset=utf-8",
            body=None if reason else slot["content"].encode("utf-8", "replace"),
            rights_signals=as_json(signals),
            last_modified=revision["timestamp"],
            record=as_json(record),
        )

    async def read(self, response: Response, callback, query, continued, waits):
        """(answer, None), or ({}, the request to make again after waiting) where the wiki is busy.

        What cannot be read leaves the run unfinished; the same command then goes on.
        """
        try:
            answer = json.loads(response.body)
            error = answer.get("error", {})
        except (ValueError, AttributeError):
            answer, error = {}, {"code": f"no JSON, status {response.status}"}
        if error.get("code") in _BUSY and waits < MAX_WAITS:
            told = (response.headers.get("Retry-After") or b"5").decode("latin-1")
            await asyncio.sleep(min(float(told) if told.isdigit() else 5.0, 60.0))
            return {}, self.api(callback, query, continued=continued or {}, waits=waits + 1)
        if error:
            self.incomplete = (
                f"{response.url.split('?')[0]} answered: {error.get('code')} "
                f"{error.get('info', '')} (is `api` in the registry right?)"
            )
        return answer, None

    def failed(self, failure):
        if failure.check(Reserved):
            yield from self.withdraw(str(failure.value))
            return
        self.incomplete = f"the API could not be read: {told(failure)}"
        if failure.check(Disallowed):
            self.incomplete += "; MediaWiki's API is exempt by robots_exempt in the registry"

    def address_of(self, title: str) -> str:
        return wiki_url(urljoin(self.source.home, "/wiki/"), title)


def _revisions(files) -> Iterator[tuple[str, int]]:
    """The revision landed last of each article; files come in the order they were landed."""
    for row in landed_pages(files, ["canonical_url", "fetch_status", "record"]):
        record = json.loads(row["record"] or "{}")
        if row["fetch_status"] == "ok" and "revid" in record:
            yield row["canonical_url"], int(record["revid"])
        elif row["fetch_status"] == "refused":
            yield row["canonical_url"], 0  # taken anew when it is allowed again
