"""Blogs by their feeds: every post as Blogger or WordPress hands it out, without the page around.

The post's HTML is the body, its title, author and dates go into the record, its address is its
permanent link. After a finished crawl only what was updated since is listed.
"""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode, urljoin

import scrapy
from scrapy.http import Response
from selectolax.lexbor import LexborHTMLParser

from ingest.links import FeedEntry, feed_entries
from ingest.page import Page, as_json
from ingest.rights import header_signals, licence_of, refusal
from ingest.robots import Reserved
from ingest.spiders.base import SourceSpider, response_headers, told
from ingest.urls import canonical_url

POSTS_PER_REQUEST = 100


class PostsSpider(SourceSpider):
    """What both kinds share: a numbered list of posts, read until it ends."""

    asks_pages = False

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.listed: set[str] = set()

    async def start(self) -> AsyncIterator[scrapy.Request]:
        self.replay()
        yield self.listing(1)

    def listing(self, number: int) -> scrapy.Request:
        """The request for a part of the list: from a post on, or a page, counted from 1."""
        raise NotImplementedError

    def is_news(self, entries: list[FeedEntry]) -> bool:
        """Whether a list names a post that no earlier list of this crawl did: some never end."""
        urls = {canonical_url(entry.url) for entry in entries}
        has_news = not urls <= self.listed
        self.listed |= urls
        return has_news

    def rows(self, response: Response, entries: list[FeedEntry]) -> Iterator[Page]:
        """One row for each post of the source that this run has not landed."""
        signals = header_signals(response_headers(response), response.url)
        for entry in entries:
            url = self.source.public(entry.url)
            canonical, category = canonical_url(url), self.source.category_of(url)
            if not self.source.follows(url):
                self.left["posts with an address elsewhere"] += 1
            elif canonical not in self.seen and not self.quota.is_full(category):
                self.seen.add(canonical)
                page = self.post(url, entry, signals)
                if page.fetch_status == "ok":
                    self.quota.take(category)
                yield page
        if reason := refusal(signals):
            yield from self.withdraw(reason)

    def post(self, url: str, entry: FeedEntry, signals: dict) -> Page:
        body: bytes | None = entry.body.encode("utf-8", "replace")
        status, detail = "ok", None
        if detail := refusal(signals):
            status, body = "refused", None
        elif self.is_known(url, body):
            status, body, detail = "not_modified", None, "the same bytes as before"
        return self.row(
            url,
            fetch_status=status,
            fetch_detail=detail,
            http_status=200,
            content_type="text/html; charset=utf-8",
            body=body,
            licence=licence_of(signals) or self.source.licence,
            rights_signals=as_json(signals),
            record=as_json(entry.record),
        )

    def failed(self, failure):
        if failure.check(Reserved):
            yield from self.withdraw(str(failure.value))
        else:
            self.incomplete = f"the list of posts: {told(failure)}"

    def changed_since(self) -> datetime | None:
        """A day before the last complete crawl: blogs read times in zones of their own.

        What comes twice is known by its bytes.
        """
        return self.since and self.since - timedelta(days=1)


class BloggerSpider(PostsSpider):
    name = "blogger"

    def listing(self, number: int) -> scrapy.Request:
        query = {"max-results": POSTS_PER_REQUEST, "start-index": number}
        if since := self.changed_since():
            query |= {"orderby": "updated", "updated-min": since.isoformat()}
        path = self.source.api or "/feeds/posts/default"
        url = f"{urljoin(self.source.home, path)}?{urlencode(query)}"
        return self.request(url, self.parse_list, start_index=number)

    def parse_list(self, response: Response, url: str, start_index: int):
        try:
            entries, _ = feed_entries(response.body, self.source.home)
        except ValueError as error:
            self.incomplete = f"{url} answered {response.status}: {error}"
            return
        yield from self.rows(response, entries)
        if self.is_news(entries):
            yield self.listing(start_index + len(entries))


class WordPressSpider(PostsSpider):
    """By the REST API; where a site has closed it, by its feed, which holds the same posts."""

    name = "wordpress"

    def listing(self, number: int) -> scrapy.Request:
        query = {
            "per_page": POSTS_PER_REQUEST,
            "page": number,
            "orderby": "id",
            "order": "asc",
            "_embed": "author",
        }
        if since := self.changed_since():
            query["modified_after"] = since.strftime("%Y-%m-%dT%H:%M:%S")
        path = self.source.api or "/wp-json/wp/v2/posts"
        url = f"{urljoin(self.source.home, path)}?{urlencode(query)}"
        return self.request(url, self.parse_list, page=number)

    def feed(self, page: int) -> scrapy.Request:
        url = f"{urljoin(self.source.home, '/feed/')}?{urlencode({'paged': page})}"
        return self.request(url, self.parse_feed, page=page)

    def parse_list(self, response: Response, url: str, page: int):
        try:
            posts = json.loads(response.body)
        except ValueError:
            posts = None
        if response.status == 200 and isinstance(posts, list):
            entries = [entry for post in posts if (entry := _entry(post))]
            yield from self.rows(response, entries)
            total = (response.headers.get("X-WP-TotalPages") or b"").decode("latin-1")
            if page < int(total) if total.isdigit() else self.is_news(entries):
                yield self.listing(page + 1)
        elif page == 1:
            yield self.feed(1)
        elif not (isinstance(posts, dict) and "page_number" in str(posts.get("code"))):
            self.incomplete = f"{url} answered {response.status}"

    def parse_feed(self, response: Response, url: str, page: int):
        if response.status == 404 and page > 1:
            return  # past the last page
        try:
            entries, _ = feed_entries(response.body, self.source.home)
        except ValueError as error:
            self.incomplete = f"{url} answered {response.status}: {error}"
            return
        yield from self.rows(response, entries)
        if self.is_news(entries):
            yield self.feed(page + 1)


def _entry(post) -> FeedEntry | None:
    url = post.get("link") if isinstance(post, dict) else None
    if not isinstance(url, str):
        return None
    authors = _part(post, "_embedded").get("author") or [{}]
    record = {
        # Titles come as HTML, entities and all.
        "title": LexborHTMLParser(str(_part(post, "title").get("rendered") or "")).text().strip(),
        "author": authors[0].get("name") if isinstance(authors[0], dict) else None,
        "published_at": post.get("date_gmt") or post.get("date"),
        "updated_at": post.get("modified_gmt"),
        "id": post.get("id"),
    }
    body = str(_part(post, "content").get("rendered") or "")
    return FeedEntry(url, {key: value for key, value in record.items() if value}, body)


def _part(post: dict, name: str) -> dict:
    """A part of a post that should be an object and is, in some blogs, null or false."""
    found = post.get(name)
    return found if isinstance(found, dict) else {}
