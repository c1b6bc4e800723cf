"""What all spiders share: a url asked for ends in exactly one landed row, whatever comes of it.

Works in public urls throughout; only a request's own url is where the source is served at the
moment. Redirects are followed here and not by Scrapy, loops included. What a page's host reserves
lands without body, and what has not changed since an earlier run lands as not modified.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from scrapy.signals import spider_idle
from selectolax.lexbor import LexborHTMLParser

from ingest.guard import Blocked
from ingest.landing import landed_pages
from ingest.links import is_followable, location, page_links
from ingest.page import HTML_TYPES, Page, as_json, media_type
from ingest.quotas import Quota
from ingest.recrawl import PriorPages
from ingest.registry import Address
from ingest.rights import (
    forbids_following,
    header_signals,
    html_tree,
    licence_of,
    page_signals,
    refusal,
)
from ingest.robots import Disallowed, Reserved
from ingest.urls import canonical_url, is_trap, without_tracking

# Answers that say to come again; such a page is asked for again when the run resumes.
TEMPORARY = frozenset([429, 502, 503, 504])
_INNER = re.compile(r"twisted\.[\w.]+\.(\w+): ([^>]*)>")
MAX_HOPS = 10  # redirects in a row
_REPLAYED = ["url", "canonical_url", "category", "fetch_status", "content_type", "body", "headers"]


class SourceSpider(scrapy.Spider):
    name = "source"
    asks_pages = True  # False: a list brings what there is, and no page is asked for by itself

    def __init__(
        self,
        *,
        address: Address,
        run_id: str,
        landed: list[Path],
        quota: Quota,
        prior: PriorPages,
        since: datetime | None,
    ):
        super().__init__()
        self.address = address
        self.source = address.source
        self.run_id = run_id
        self.landed = landed
        self.quota = quota
        self.prior = prior
        self.since = since  # the start of the last complete crawl
        self.seen: set[str] = set()
        self.asked_by_host: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.resumed_count = 0
        self.failed_before: set[str] = set()  # in this run, before it was resumed
        self.has_withdrawn = False
        self.warnings: list[str] = []
        self.incomplete = ""  # why the run has not finished, where no row tells

    @classmethod
    def from_crawler(cls, crawler, *arguments, **named):
        spider = super().from_crawler(crawler, *arguments, **named)
        crawler.signals.connect(spider.ask_the_rest, spider_idle)
        return spider

    def ask_the_rest(self):
        """Ask for what earlier crawls landed and nothing has led to this time.

        Such a page may be gone, or its host may have reserved it: either must become known.
        """
        if not self.asks_pages or self.quota.is_bounded:
            return  # a bounded crawl is a small one
        rest = [url for url in self.prior.crawled_urls() if url not in self.seen]
        if requests := list(self.follow(rest)):
            for request in requests:
                self.crawler.engine.crawl(request)
            raise DontCloseSpider

    def withdraw(self, reason: str) -> Iterator[Page]:
        """Rows for all that earlier crawls landed, where the host now reserves the whole."""
        self.has_withdrawn = True
        for url in self.prior.crawled_urls():
            if url not in self.seen:
                self.seen.add(url)
                yield self.row(url, fetch_status="refused", fetch_detail=reason)

    def replay(self) -> list[str]:
        """Mark what this run has landed as seen; the urls those pages lead to."""
        links: dict[str, None] = {}
        for row in landed_pages(self.landed, _REPLAYED):
            if row["fetch_status"] == "failed":
                self.failed_before.add(row["canonical_url"])
                continue  # asked for again
            if not self.leads_to_itself(row):
                self.seen.add(row["canonical_url"])
            self.asked_by_host[urlsplit(row["url"]).netloc] += 1
            self.resumed_count += 1
            if row["fetch_status"] == "ok":
                self.quota.take(row["category"])
            links.update(dict.fromkeys(self.links_of_row(row)))
        return list(links)

    def leads_to_itself(self, row: dict) -> bool:
        """Whether a landed redirect leads to another writing of its own url, still to be asked."""
        if row["fetch_status"] != "redirect":
            return False
        target = json.loads(row["headers"] or "{}").get("Location", "")
        return any(
            url != row["url"] and canonical_url(self.source.public(url)) == row["canonical_url"]
            for url in location(row["url"], target)
        )

    def links_of_row(self, row: dict) -> Iterator[str]:
        """The urls a landed row led to."""
        url, body = row["url"], row["body"]
        if row["fetch_status"] == "redirect":
            yield from location(url, json.loads(row["headers"] or "{}").get("Location", ""))
            return
        headers = json.loads(row["headers"] or "{}")
        if forbids_following(header_signals({name: [headers[name]] for name in headers}, url)):
            return
        if row["fetch_status"] == "not_modified":
            yield from self.links_of_html(url, self.prior.html(row["canonical_url"]))
        elif body and media_type(body, row["content_type"]) in HTML_TYPES:
            yield from self.links_of_html(url, body)

    def links_of_html(self, url: str, body: bytes | None) -> Iterator[str]:
        if body and self.leads_on(url):
            tree = html_tree(body)
            if not forbids_following(page_signals(tree, url)):
                yield from page_links(tree, url)

    def leads_on(self, url: str) -> bool:
        """Whether a page's links are followed: all pages', or only the start pages'."""
        starts = (urljoin(self.source.home, start) for start in self.source.start_urls)
        return self.source.follow_links or canonical_url(url) in map(canonical_url, starts)

    def follow(
        self, urls: Iterable[str], record: dict | None = None, hops: int = 0
    ) -> Iterator[scrapy.Request]:
        """Requests for the urls that belong to the source and were not asked for yet."""
        for url in map(self.source.public, urls):
            if self.source.follows(url) and is_followable(url, self.source.files):
                yield from self.ask(without_tracking(url), record, hops)

    def ask(self, url: str, record: dict | None = None, hops: int = 0) -> Iterator[scrapy.Request]:
        """The request for a page, unless it was asked for, the quota is full or it is a trap."""
        canonical = canonical_url(url)
        if canonical in self.seen or self.quota.is_full(self.source.category_of(url)):
            return
        host = urlsplit(url).netloc
        if is_trap(url):
            self.seen.add(canonical)
            self.left["urls without end (too long, too deep or going round)"] += 1
        elif hops > MAX_HOPS:
            self.left[f"redirects after {MAX_HOPS} others"] += 1
        elif self.asked_by_host[host] >= self.source.max_pages:
            self.left[f"urls of {host} beyond max_pages = {self.source.max_pages}"] += 1
        else:
            self.seen.add(canonical)
            self.asked_by_host[host] += 1
            prior = self.prior.get(canonical)
            if prior and not record:
                record = json.loads(prior.record or "{}")
            request = self.request(url, self.parse, record=record, hops=hops)
            request.headers.update(prior.validators() if prior else {})
            yield request

    def request(self, url: str, callback, **more) -> scrapy.Request:
        return scrapy.Request(
            self.address.served(url),
            callback=callback,
            errback=self.failed,
            cb_kwargs={"url": url} | more,
            dont_filter=True,  # `seen` decides, on canonical public urls
        )

    def parse(self, response: Response, url: str, record: dict | None = None, hops: int = 0):
        """Land the page, then follow it."""
        headers = response_headers(response)
        signals, links = header_signals(headers, url), []
        status = _status(response)
        if status == "not_modified" and canonical_url(url) not in self.prior:
            status = "http_error"  # nobody asked whether it had changed
        if status in ("ok", "truncated") and (tree := _tree(response)):
            signals |= page_signals(tree, url)
            links = page_links(tree, url) if self.leads_on(url) else []
        elif status == "not_modified":
            links = self.links_of_html(url, self.prior.html(canonical_url(url)))
        told = {name: ", ".join(values) for name, values in headers.items()}
        page = self.page(url, response, status, told, signals, record)
        if page.fetch_status == "ok":
            if self.quota.is_full(page.category):
                return
            self.quota.take(page.category)
        yield page
        if status == "redirect":
            target = _text(response.headers["Location"])
            yield from self.hop(response.url, url, target, record, hops + 1)
        if page.fetch_status != "refused" and not forbids_following(signals):
            yield from self.follow(links)

    def hop(
        self, asked: str, url: str, target: str, record: dict | None, hops: int
    ) -> Iterator[scrapy.Request]:
        """The request a redirect leads to. What it leads to is taken whatever its ending is.

        Home and its aliases are one page, and so are http and https: a redirect among them is
        followed as it stands, and what comes is the page's own answer.
        """
        for literal in location(url, target):
            public = self.source.public(literal)
            if not self.source.follows(public):
                continue
            is_same = canonical_url(public) == canonical_url(url)
            if is_same and not self.address.base_url and literal != asked and hops <= MAX_HOPS:
                yield self.request(url, self.parse, record=record, hops=hops).replace(url=literal)
            elif not is_same:
                yield from self.ask(without_tracking(public), record, hops)

    def page(self, url, response, status, headers: dict[str, str], signals: dict, record) -> Page:
        body, detail = response.body, None
        if status in ("ok", "truncated", "not_modified") and (detail := refusal(signals)):
            status, body = "refused", None
        elif status == "failed":
            detail = f"answered {response.status}"
        elif status == "not_modified":
            body = None
        elif status == "ok" and self.is_known(url, body):
            status, body, detail = "not_modified", None, "the same bytes as before"
        return self.row(
            url,
            fetch_status=status,
            fetch_detail=detail,
            http_status=response.status,
            content_type=headers.get("Content-Type"),
            headers=as_json(headers),
            body=body,
            etag=headers.get("Etag"),
            last_modified=headers.get("Last-Modified"),
            licence=licence_of(signals) or self.source.licence,
            rights_signals=as_json(signals),
            record=as_json(record or {}),
        )

    def is_known(self, url: str, body: bytes) -> bool:
        prior = self.prior.get(canonical_url(url))
        return prior is not None and prior.body_sha256 == sha256(body).hexdigest()

    def failed(self, failure):
        """A request without a response lands as a row too: not allowed, or failed and how."""
        url = failure.request.cb_kwargs["url"]
        reason = str(failure.value)
        if failure.check(Disallowed):
            status, signals = "disallowed", {"robots.txt": reason}
        elif failure.check(Reserved):
            status, signals = "refused", {"host": reason}
        elif failure.check(Blocked):
            status, signals = "blocked", {}
        elif "DOWNLOAD_MAXSIZE" in reason or failure.type.__name__ == "DownloadCancelledError":
            status, signals, reason = "blocked", {}, "the body is longer than max_body_bytes"
        else:
            status, signals, reason = "failed", {}, told(failure)
        yield self.row(
            url, fetch_status=status, fetch_detail=reason, rights_signals=as_json(signals)
        )

    def row(self, url: str, **fields) -> Page:
        standing = {
            "source": self.source.name,
            "category": self.source.category_of(url),
            "run_id": self.run_id,
            "fetched_at": datetime.now(UTC),
            "licence": self.source.licence,
        }
        return Page(url=url, **standing | fields)

    def summary(self) -> list[str]:
        """What the user should know that no row tells."""
        return [*self.warnings, *(f"{count} {what} were left" for what, count in self.left.items())]


def response_headers(response: Response) -> dict[str, list[str]]:
    return {
        _text(name): [_text(value) for value in values] for name, values in response.headers.items()
    }


def told(failure) -> str:
    """What went wrong, in words: Twisted wraps the reason of a broken connection."""
    inner = _INNER.search(str(failure.value))
    name, reason = inner.groups() if inner else (failure.type.__name__, str(failure.value))
    return f"{name}: {reason}"[:300]


def _status(response: Response) -> str:
    if response.status == 304:
        return "not_modified"
    if 300 <= response.status < 400 and response.headers.get("Location"):
        return "redirect"
    if response.status == 200:
        return "truncated" if "dataloss" in response.flags else "ok"
    return "failed" if response.status in TEMPORARY else "http_error"


def _tree(response: Response) -> LexborHTMLParser | None:
    if not response.body:
        return None
    kind = media_type(response.body, _text(response.headers.get("Content-Type") or b""))
    return html_tree(response.body) if kind in HTML_TYPES else None


def _text(value: bytes | None) -> str:
    """A header's bytes: UTF-8 where they are, else Latin-1, which takes any byte."""
    try:
        return (value or b"").decode("utf-8")
    except UnicodeDecodeError:
        return (value or b"").decode("latin-1")
