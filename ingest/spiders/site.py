"""A site by its sitemaps, feeds and links.

Sitemaps that the registry does not name are looked for in robots.txt. Feeds and news sitemaps tell
a news site's articles; with `follow_links = false` only they and the start pages lead anywhere.
"""

from collections.abc import AsyncIterator
from urllib.parse import urljoin

import scrapy
from scrapy.http import Response

from ingest.links import feed_entries, sitemap_links
from ingest.robots import RobotsMiddleware
from ingest.spiders.base import SourceSpider

MAX_SITEMAPS = 2_000  # of one crawl; an index can name new ones for ever


class SiteSpider(SourceSpider):
    name = "site"
    sitemap_count = 0

    async def start(self) -> AsyncIterator[scrapy.Request]:
        frontier = self.replay()
        sitemaps = self.source.sitemaps or await self.sitemaps_of_robots()
        for relative in sitemaps:
            for request in self.ask_sitemap(urljoin(self.source.home, relative)):
                yield request
        for relative in self.source.feeds:
            yield self.request(urljoin(self.source.home, relative), self.parse_feed)
        starts = [urljoin(self.source.home, relative) for relative in self.source.start_urls]
        for request in self.follow([*starts, *frontier]):
            yield request

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

    def parse_sitemap(self, response: Response, url: str):
        if response.status != 200:
            self.warnings.append(f"{url} answered {response.status}")
            return
        try:
            sitemaps, pages = sitemap_links(response.body, url)
        except Exception as error:  # lxml, gzip and the parser raise a dozen kinds
            self.warnings.append(f"{url} is no sitemap ({type(error).__name__})")
            return
        for sitemap in sitemaps:
            yield from self.ask_sitemap(sitemap)
        yield from self.follow(pages)

    def parse_feed(self, response: Response, url: str):
        if response.status != 200:
            self.warnings.append(f"{url} answered {response.status}")
            return
        try:
            entries, _ = feed_entries(response.body, url)
        except ValueError as error:
            self.warnings.append(f"{url} is {error}")
            return
        for entry in entries:
            yield from self.follow([entry.url], entry.record | {"feed": url})
