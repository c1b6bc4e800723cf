"""robots.txt as RFC 9309 asks, in place of Scrapy's own middleware.

Scrapy's fetches disallowed pages that were queued while robots.txt was still on its way, takes a
server error for permission and ignores Crawl-delay. Here one task per origin answers everybody who
waits for it; an unreachable robots.txt or a server error disallows, a client error allows.
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from ingest.guard import Blocked
from ingest.rights import robots_reservation, tdm_reservation, tdm_rules

MAX_BYTES = 512 * 1024  # RFC 9309 section 2.5: at least 500 KiB must be parsed
MAX_REDIRECTS = 5  # RFC 9309 section 2.3.1.2
MAX_DELAY_SECONDS = 60.0


class Disallowed(IgnoreRequest):
    """robots.txt forbids the request."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be read, which forbids everything for now; worth another try later."""


class Reserved(IgnoreRequest):
    """The host reserves the page against text and data mining or AI training."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an origin allows: its rules (None allows everything) and what it reserves.

    `unreachable` says why robots.txt could not be read, which forbids everything.
    """

    rules: Protego | None = None
    reservation: str | None = None
    tdm: tuple[tuple[str, str], ...] = ()
    unreachable: str | None = None


class RobotsMiddleware:
    def __init__(self, crawler):
        self.crawler = crawler
        self.agent = crawler.settings["USER_AGENT"].split("/")[0]
        self.exempt = tuple(crawler.settings.getlist("AADHAN_ROBOTS_EXEMPT"))
        self._policies: dict[str, asyncio.Task] = {}

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_request(self, request):
        if request.meta.get("is_robots"):
            return
        policy = await self.policy(request.url)
        parts = urlsplit(request.url)
        if not (self.exempt and parts.path.startswith(self.exempt)):
            if policy.unreachable:
                raise RobotsUnreachable(policy.unreachable)
            if policy.rules and not policy.rules.can_fetch(request.url, self.agent):
                raise Disallowed("robots.txt disallows the path")
        if policy.reservation:
            raise Reserved(f"robots.txt: {policy.reservation}")
        if tdm_reservation(policy.tdm, request.url) == "1":
            raise Reserved("tdmrep.json: tdm-reservation: 1")
        if policy.rules:
            self._slow_down(parts.hostname, policy.rules)

    @property
    def is_reachable(self) -> bool:
        """Whether any origin has told what it allows."""
        told = [task for task in self._policies.values() if task.done() and not task.exception()]
        return any(not task.result().unreachable for task in told)

    async def sitemaps(self, url: str) -> list[str]:
        try:
            rules = (await self.policy(url)).rules
        except Blocked:
            return []  # the pages themselves will say so
        return list(rules.sitemaps) if rules else []

    async def policy(self, url: str) -> Policy:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._policies:
            self._policies[origin] = asyncio.ensure_future(self._fetch_policy(origin))
        # Shielded: a cancelled page must not cancel the task that others wait for.
        return await asyncio.shield(self._policies[origin])

    async def _fetch_policy(self, origin: str) -> Policy:
        try:
            robots = await self._fetch(f"{origin}/robots.txt")
        except Blocked as error:
            raise Blocked(f"robots.txt: {error}") from error
        except Exception as error:
            return Policy(unreachable=f"robots.txt unreachable: {type(error).__name__}")
        if robots.status >= 500 or robots.status == 429:
            return Policy(unreachable=f"robots.txt answered {robots.status}")
        rules, reservation = None, None
        if robots.status == 200:
            text = robots.body[:MAX_BYTES].decode("utf-8-sig", "replace")
            rules, reservation = Protego.parse(text), robots_reservation(text)
        return Policy(rules, reservation, tuple(await self._tdm(origin, rules)))

    async def _tdm(self, origin: str, rules: Protego | None) -> list[tuple[str, str]]:
        url = f"{origin}/.well-known/tdmrep.json"
        if rules and not rules.can_fetch(url, self.agent):
            return []
        try:
            response = await self._fetch(url)
        except Exception:  # absent in one way or another: nothing is reserved by it
            return []
        return tdm_rules(response.body) if response.status == 200 else []

    async def _fetch(self, url: str) -> Response:
        """Follow redirects, as a policy may lie elsewhere; the guard checks each hop."""
        for _ in range(MAX_REDIRECTS + 1):
            request = Request(url, callback=NO_CALLBACK, meta={"is_robots": True}, dont_filter=True)
            response = await self.crawler.engine.download_async(request)
            target = (response.headers.get("Location") or b"").decode("latin-1")
            if not (300 <= response.status < 400 and target):
                break
            url = urljoin(url, target)
        return response

    def _slow_down(self, host: str | None, rules: Protego) -> None:
        delay = rules.crawl_delay(self.agent) or 0.0
        if rate := rules.request_rate(self.agent):
            delay = max(delay, rate.seconds / rate.requests)
        slot = self.crawler.engine.downloader.slots.get(host)
        if delay and slot:
            slot.delay = max(slot.delay, min(delay, MAX_DELAY_SECONDS))
            slot.concurrency = 1
