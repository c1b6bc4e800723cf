"""robots.txt as RFC 9309 asks, in place of Scrapy's own middleware.

Scrapy's fetches disallowed pages that were queued while robots.txt was still on its way, takes a
server error for permission and ignores Crawl-delay. Here one task per origin answers everybody who
waits for it; an unreachable robots.txt or a server error disallows, a client error allows.
"""

import asyncio
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

MAX_BYTES = 512 * 1024  # RFC 9309 section 2.5: at least 500 KiB must be parsed
MAX_REDIRECTS = 5  # RFC 9309 section 2.3.1.2
MAX_DELAY_SECONDS = 60.0


class Disallowed(IgnoreRequest):
    """robots.txt forbids the request."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be read, which forbids everything for now; worth another try later."""


class RobotsMiddleware:
    def __init__(self, crawler):
        self.crawler = crawler
        self.agent = crawler.settings["USER_AGENT"].split("/")[0]
        self._rules: dict[str, asyncio.Task] = {}

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_request(self, request):
        if request.meta.get("is_robots"):
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = asyncio.ensure_future(self._fetch(origin))
        # Shielded: a cancelled page must not cancel the task that others wait for.
        rules = await asyncio.shield(self._rules[origin])
        if isinstance(rules, str):
            raise RobotsUnreachable(rules)
        if rules is None:
            return
        if not rules.can_fetch(request.url, self.agent):
            raise Disallowed("robots.txt disallows the path")
        self._slow_down(parts.hostname, rules)

    async def _fetch(self, origin: str) -> Protego | str | None:
        """Rules of an origin; None allows everything, a text says why nothing is allowed."""
        url = f"{origin}/robots.txt"
        for _ in range(MAX_REDIRECTS + 1):
            request = Request(url, callback=NO_CALLBACK, meta={"is_robots": True}, dont_filter=True)
            try:
                response = await self.crawler.engine.download_async(request)
            except Exception as error:
                return f"robots.txt unreachable: {type(error).__name__}"
            target = (response.headers.get("Location") or b"").decode("latin-1")
            if not (300 <= response.status < 400 and target):
                break
            url = urljoin(url, target)
        if response.status >= 500 or response.status == 429:
            return f"robots.txt answered {response.status}"
        if response.status != 200:
            return None
        return Protego.parse(response.body[:MAX_BYTES].decode("utf-8-sig", "replace"))

    def _slow_down(self, host: str | None, rules: Protego) -> None:
        delay = rules.crawl_delay(self.agent) or 0.0
        if rate := rules.request_rate(self.agent):
            delay = max(delay, rate.seconds / rate.requests)
        slot = self.crawler.engine.downloader.slots.get(host)
        if delay and slot:
            slot.delay = max(slot.delay, min(delay, MAX_DELAY_SECONDS))
            slot.concurrency = 1
