"""A site by its sitemaps, feeds and links.

Sitemaps that the registry does not name are looked for in robots.txt. Feeds and news sitemaps tell
a news site's articles; with `follow_links = false` only they and the start pages lead anywhere.
"""

from collections.abc import AsyncIterator

import scrapy
from scrapy.http import Response

from ingest.links import feed_entries, location, sitemap_links
from ingest.robots import RobotsMiddleware
from ingest.spiders.base import MAX_HOPS, SourceSpider

MAX_SITEMAPS = 2_000  # of one crawl; an index can name new ones for ever


class SiteSpider(SourceSpider):
    name = "site"
    sitemap_count = 0

    async def start(self) -> AsyncIterator[scrapy.Request]:
        frontier = self.replay()
        sitemaps = self.source.sitemaps or await self.sitemaps_of_robots()
        for url in self.absolute(sitemaps):
            for request in self.ask_sitemap(url):
                yield request
        for url in self.absolute(self.source.feeds):
            yield self.request(url, self.parse_feed)
        for request in self.follow([*self.absolute(self.source.start_urls), *frontier]):
            yield request

    def absolute(self, urls) -> list[str]:
        """Urls relative to home; what is no address (robots.txt may say anything) is left out."""
        return [found for url in urls for found in location(self.source.home, url)]

    async def sitemaps_of_robots(self) -> list[str]:
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        return await robots.sitemaps(self.address.served(self.source.home)) if robots else []

    def ask_sitemap(self, url: str):
        url = self.source.public(url)
        if url in self.seen or not self.source.follows(url):
            return
        self.seen.add(url)
        self.sitemap_count += 1
        if self.sitemap_count > MAX_SITEMAPS:
            self.left[f"sitemaps beyond {MAX_SITEMAPS}"] += 1
        else:
            yield self.request(url, self.parse_sitemap)

    def parse_sitemap(self, response: Response, url: str, hops: int = 0):
        if response.status != 200:
            yield from self.list_elsewhere(response, url, self.parse_sitemap, hops)
            return
        try:
            sitemaps, pages = sitemap_links(response.body, url)
        except Exception as error:  # lxml, gzip and the parser raise a dozen kinds
            self.warnings.append(f"{url} is no sitemap ({type(error).__name__})")
            return
        for sitemap in sitemaps:
            yield from self.ask_sitemap(sitemap)
        for page in pages:
            yield from self.follow([page.url], page.record)

    def parse_feed(self, response: Response, url: str, hops: int = 0):
        if response.status != 200:
            yield from self.list_elsewhere(response, url, self.parse_feed, hops)
            return
        try:
            entries, _ = feed_entries(response.body, url)
        except ValueError as error:
            self.warnings.append(f"{url} is {error}")
            return
        for entry in entries:
            yield from self.follow([entry.url], entry.record | {"feed": url})

    def list_elsewhere(self, response: Response, url: str, callback, hops: int):
        """Follow a sitemap or feed that has moved within the source; tell of one that is gone."""
        target = (response.headers.get("Location") or b"").decode("latin-1")
        if 300 <= response.status < 400 and target and hops < MAX_HOPS:
            for literal in location(url, target):
                public = self.source.public(literal)
                if self.source.follows(public):
                    address = self.address.served(public) if self.address.base_url else literal
                    yield self.request(public, callback, hops=hops + 1).replace(url=address)
                    return
        self.warnings.append(f"{url} answered {response.status}")
