"""The generic spider: a site by its sitemaps and links.

Works in public urls throughout; only a request's own url is where the source is served at the
moment. Redirects are followed here and not by Scrapy, so that every url asked for ends in exactly
one landed row, loops included. A resumed run reads its frontier again from what it landed.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import scrapy
from scrapy.http import Response

from ingest.landing import landed_pages
from ingest.links import is_followable, location, page_links, sitemap_links
from ingest.page import HTML_TYPES, Page, as_json, canonical_url
from ingest.registry import Address
from ingest.robots import Disallowed


class SiteSpider(scrapy.Spider):
    name = "site"

    def __init__(self, *, address: Address, run_id: str, landed: list[Path], max_records: int):
        super().__init__()
        self.address = address
        self.source = address.source
        self.run_id = run_id
        self.landed = landed
        self.max_records = max_records
        self.seen: set[str] = set()
        self.ok_count = 0
        self.resumed_count = 0
        self.broken_sitemaps: list[str] = []

    async def start(self) -> AsyncIterator[scrapy.Request]:
        frontier = self.replay()
        for relative in self.source.sitemaps:
            yield self.request(urljoin(self.source.home, relative), self.parse_sitemap)
        starts = [urljoin(self.source.home, relative) for relative in self.source.start_urls]
        for request in self.follow([*starts, *frontier]):
            yield request

    def replay(self) -> list[str]:
        """Mark what this run has landed as seen; the urls those pages link to."""
        links: dict[str, None] = {}
        columns = ["url", "canonical_url", "fetch_status", "content_type", "body", "headers"]
        for page in landed_pages(self.landed, columns):
            if page["fetch_status"] == "failed":
                continue  # asked for again
            self.seen.add(page["canonical_url"])
            self.resumed_count += 1
            self.ok_count += page["fetch_status"] == "ok"
            if page["body"] and (page["content_type"] or "").startswith(HTML_TYPES):
                links.update(dict.fromkeys(page_links(page["body"], page["url"])))
            if page["fetch_status"] == "redirect":
                links.update(dict.fromkeys(_redirect(page["url"], page["headers"])))
        return list(links)

    def follow(self, urls) -> Iterator[scrapy.Request]:
        """Requests for the urls that belong to the source and were not asked for yet."""
        for url in map(self.source.public, urls):
            if not (self.source.follows(url) and is_followable(url)):
                continue
            canonical = canonical_url(url)
            if canonical not in self.seen and self.ok_count < self.max_records:
                self.seen.add(canonical)
                yield self.request(url, self.parse)

    def request(self, url: str, callback) -> scrapy.Request:
        return scrapy.Request(
            self.address.served(url),
            callback=callback,
            errback=self.failed,
            cb_kwargs={"url": url},
            dont_filter=True,  # `seen` decides, on canonical public urls
        )

    def parse(self, response: Response, url: str):
        page = self.page(url, response)
        if page.fetch_status == "ok":
            if self.ok_count >= self.max_records:
                return
            self.ok_count += 1
        yield page
        if page.fetch_status == "redirect":
            yield from self.follow(_redirect(url, page.headers))
        elif page.body and (page.content_type or "").startswith(HTML_TYPES):
            yield from self.follow(page_links(page.body, url))

    def parse_sitemap(self, response: Response, url: str):
        if response.status != 200:
            self.broken_sitemaps.append(f"{url} answered {response.status}")
            return
        try:
            sitemaps, pages = sitemap_links(response.body, url)
        except Exception as error:  # lxml, gzip and the parser raise a dozen kinds
            self.broken_sitemaps.append(f"{url} is no sitemap ({type(error).__name__})")
            return
        for sitemap in map(self.source.public, sitemaps):
            if sitemap not in self.seen and self.source.follows(sitemap):
                self.seen.add(sitemap)
                yield self.request(sitemap, self.parse_sitemap)
        yield from self.follow(pages)

    def page(self, url: str, response: Response) -> Page:
        status = "ok" if response.status == 200 else "http_error"
        if 300 <= response.status < 400 and response.headers.get("Location"):
            status = "redirect"
        elif status == "ok" and "dataloss" in response.flags:
            status = "truncated"
        headers = {_text(name): _text(b", ".join(v)) for name, v in response.headers.items()}
        return self.row(
            url,
            fetch_status=status,
            http_status=response.status,
            content_type=headers.get("Content-Type"),
            headers=as_json(headers),
            body=response.body,
            etag=headers.get("Etag"),
            last_modified=headers.get("Last-Modified"),
        )

    def failed(self, failure):
        """A request without a response lands as a row too: refused, or failed and how."""
        url = failure.request.cb_kwargs["url"]
        if failure.check(Disallowed):
            reason = str(failure.value)
            rights = as_json({"robots": reason})
            yield self.row(
                url, fetch_status="disallowed", fetch_detail=reason, rights_signals=rights
            )
        else:
            detail = f"{failure.type.__name__}: {failure.value}"[:300]
            yield self.row(url, fetch_status="failed", fetch_detail=detail)

    def row(self, url: str, **fields) -> Page:
        return Page(
            url=url,
            source=self.source.name,
            category=self.source.category_of(url),
            run_id=self.run_id,
            fetched_at=datetime.now(UTC),
            licence=self.source.licence,
            **fields,
        )


def _text(value: bytes) -> str:
    """A header's bytes: UTF-8 where they are, else Latin-1, which takes any byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _redirect(url: str, headers: str | None) -> Iterator[str]:
    return location(url, json.loads(headers or "{}").get("Location", ""))
