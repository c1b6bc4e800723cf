"""Run the spiders over sources and land what they bring; resume what was cut off.

A run is a folder raw/source=…/run=…/ with its pages and a `run.json`. The run is over when its
`run.json` says `finished`; as long as the last one of a source does not, the same command goes on
with it from the pages it has landed. Scrapy's JOBDIR is not used: it loses its queue on a kill.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess

from ingest.errors import AadhanError, SettingsError, SourceError
from ingest.landing import (
    Lander,
    crawl_record,
    last_crawl,
    new_run_id,
    raw_files,
    run_lock,
    run_start,
    write_run_record,
)
from ingest.page import Page
from ingest.quotas import Quota
from ingest.recrawl import PriorPages
from ingest.registry import Address, Source
from ingest.robots import RobotsMiddleware
from ingest.spiders import SPIDERS
from ingest.urls import canonical_url

AGENT = "aadhan/0.1"
# A run of which more requests failed has not finished: its host went away.
FAILED_SHARE = 0.1


@dataclass(slots=True)
class CrawlRun:
    """One source's run: where it lands, what it counted."""

    address: Address
    folder: Path
    quota: Quota
    counts: Counter = field(default_factory=Counter)
    reason: str = ""
    resumed_count: int = 0
    failed_again_count: int = 0
    has_withdrawn: bool = False
    waiting: list[Page] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: AadhanError | None = None

    @property
    def source(self) -> str:
        return self.address.source.name

    def record(self, **extra) -> None:
        earlier = crawl_record(self.folder)
        base_url = self.address.base_url
        state = {
            "kind": "crawl",
            "source": self.source,
            "entry": self.address.source.entry_hash(),
            # Pages of one run from several addresses: their validators go back to none of them.
            "base_url": base_url if earlier.get("base_url", base_url) == base_url else "several",
            "max_records": self.quota.echo(),
            "finished": False,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        write_run_record(self.folder, state | extra)


class LandingPipeline:
    """Hands every page to the run's Lander and closes the crawl when landing fails.

    Nothing is written before the source has answered once: a host that refuses leaves no run.
    """

    def __init__(self, crawler):
        self.crawler = crawler
        self.run: CrawlRun = crawler.settings["AADHAN_RUN"]
        self.on_page: Callable[[CrawlRun], None] = crawler.settings["AADHAN_ON_PAGE"]
        self.lander: Lander | None = None
        crawler.signals.connect(self.idle, signals.spider_idle)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    def process_item(self, page: Page):
        self.run.counts[page.fetch_status] += 1
        if page.fetch_status == "failed" and canonical_url(page.url) in self.failed_before():
            self.run.failed_again_count += 1
        self.on_page(self.run)
        self.run.waiting.append(page)
        has_answered = page.http_status or page.fetch_status in ("disallowed", "refused", "blocked")
        # A resumed run asks only for what is left; where the host is up, that may all fail.
        spider = self.crawler.spider
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        has_answered = has_answered or (spider.resumed_count and robots.is_reachable)
        if self.run.error is None and (self.lander or has_answered):
            self.guarded(self.land)
        return page

    def failed_before(self) -> set[str]:
        return self.crawler.spider.failed_before

    def land(self) -> None:
        if self.lander is None:
            self.lander = Lander(
                self.run.folder,
                max_rows=self.crawler.settings.getint("AADHAN_FLUSH_PAGES"),
                max_seconds=self.crawler.settings.getfloat("AADHAN_FLUSH_SECONDS"),
            )
            self.lander.open()
            self.run.record()
        for page in self.run.waiting:
            self.lander.add(page)
        self.run.waiting.clear()
        self.lander.flush_if_old()

    def idle(self) -> None:
        if self.lander and self.run.error is None:
            self.guarded(self.lander.flush_if_old)

    def close_spider(self):
        if self.lander and self.run.error is None:
            self.guarded(self.lander.flush)

    def guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except AadhanError as error:
            self.run.error = error
            self.crawler.engine.close_spider(self.crawler.spider, "landing_failed")


def crawl(
    sources: list[Source],
    lake: Path,
    settings: dict,
    *,
    base_url: str | None = None,
    quotas: dict[str, Quota] | None = None,
    on_page: Callable[[CrawlRun], None] = lambda run: None,
) -> list[CrawlRun]:
    """Crawl the sources into the lake, all in one process, and return what each run did.

    A run's `error` is a SourceError where its source gave no answer at all, a LandingError where
    pages could not be written. Raises SettingsError without a contact for the open web, LakeError
    where another crawl or import of a source is running.
    """
    with ExitStack() as locks:
        for source in sources:
            locks.enter_context(run_lock(lake, source.name))
        return _crawl(sources, lake, settings, base_url, quotas or {}, on_page)


def _crawl(sources, lake, settings, base_url, quotas, on_page) -> list[CrawlRun]:
    addresses = [Address(source, base_url) for source in sources]
    own = [urlsplit(address.base).netloc for address in addresses if _is_own(address)]
    process = AsyncCrawlerProcess(_process_settings(settings) | {"AADHAN_ALLOWED_NETLOCS": own})
    runs = []
    for source, address in zip(sources, addresses, strict=True):
        if not address.is_loopback and not settings["contact"]:
            raise SettingsError(
                "crawling the open web needs a contact that site owners can reach: set "
                '`contact = "you@your.site"` under [crawl] in aadhan.toml'
            )
        folder, landed = _open_run(lake, source.name)
        run = CrawlRun(address, folder, quotas.get(source.name) or Quota())
        runs.append(run)
        earlier = [file for file in raw_files(lake, source.name) if file.parent != folder]
        crawler = process.create_crawler(SPIDERS[source.kind])
        crawler.settings.setdict(_source_settings(run, settings, on_page), priority="spider")
        crawler.signals.connect(_close_listener(run), signals.spider_closed, weak=False)
        process.crawl(
            crawler,
            address=address,
            run_id=folder.name.removeprefix("run="),
            landed=landed,
            quota=run.quota,
            prior=PriorPages(earlier, base_url),
            since=_last_complete(lake, source, base_url),
        )
    process.start()
    for run in runs:
        run.error = _conclude(run)
        if run.error:
            run.reason = "failed"
    return runs


def _process_settings(settings: dict) -> dict:
    contact = f" (+{settings['contact']})" if settings["contact"] else ""
    return {
        "USER_AGENT": AGENT + contact,
        "CONCURRENT_REQUESTS": settings["concurrency"],
        "CONCURRENT_REQUESTS_PER_DOMAIN": settings["concurrency"],
        "DOWNLOAD_TIMEOUT": settings["timeout_seconds"],
        "DOWNLOAD_MAXSIZE": settings["max_body_bytes"],
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": False,  # a cut body lands as `truncated`
        "DOWNLOAD_HANDLERS": dict.fromkeys(["data", "file", "ftp", "s3"]),
        "TWISTED_DNS_RESOLVER": "ingest.guard.GuardResolver",
        "DOWNLOADER_MIDDLEWARES": {
            "ingest.guard.GuardMiddleware": 50,
            "ingest.robots.RobotsMiddleware": 100,
            "ingest.pacing.RetryAfterMiddleware": 560,  # sees an answer before it is retried
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        },
        "ITEM_PIPELINES": {"ingest.crawl.LandingPipeline": 100},
        "ROBOTSTXT_OBEY": False,  # ingest.robots does it
        "REDIRECT_ENABLED": False,  # the spider follows and lands each hop
        "METAREFRESH_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "RETRY_TIMES": 2,
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "AADHAN_FLUSH_PAGES": settings["flush_pages"],
        "AADHAN_FLUSH_SECONDS": settings["flush_seconds"],
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOG_LEVEL": "ERROR",
    }


def _source_settings(run: CrawlRun, settings: dict, on_page) -> dict:
    source = run.address.source
    # A loopback copy has no owner to be polite to.
    delay = 0 if run.address.is_loopback else max(source.delay_seconds, settings["delay_seconds"])
    return {
        "DOWNLOAD_DELAY": delay,
        "AADHAN_ROBOTS_EXEMPT": list(source.robots_exempt),
        "AADHAN_RUN": run,
        "AADHAN_ON_PAGE": on_page,
    }


def _is_own(address: Address) -> bool:
    """Whether the user named the host itself: a mirror may lie on a private address."""
    return bool(address.base_url) or address.is_loopback


def _close_listener(run: CrawlRun):
    def closed(spider, reason):
        run.reason = spider.incomplete or reason
        run.resumed_count = spider.resumed_count
        run.has_withdrawn = spider.has_withdrawn
        run.warnings += spider.summary()
        if errors := spider.crawler.stats.get_value("spider_exceptions/count"):
            run.warnings.append(f"{errors} pages could not be handled; their links are missing")
            if not spider.asks_pages:
                run.reason = "a list could not be read to its end"

    return closed


def _conclude(run: CrawlRun) -> AadhanError | None:
    """Record a run that has finished; the error of one that has not."""
    if run.error:
        return run.error
    if run.waiting:
        where = run.address.base_url or run.address.source.home
        return SourceError(
            f"{run.source}: no answer from {where}; nothing was landed "
            f"({run.waiting[0].fetch_detail}): is the site up, and is the address right "
            "(--base-url)?"
        )
    asked_count = run.counts.total() + run.resumed_count
    # What fails each time is left to the next crawl, or this run would never end.
    failed_count = run.counts["failed"] - run.failed_again_count
    if run.reason == "finished" and failed_count > FAILED_SHARE * asked_count:
        run.reason = f"{run.counts['failed']} requests failed"
    if run.reason == "finished":
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        counts = dict(sorted(run.counts.items()))
        run.record(finished=True, ended_at=ended, counts=counts, has_withdrawn=run.has_withdrawn)
    return None


def _last_complete(lake: Path, source: Source, base_url: str | None) -> datetime | None:
    """When the last crawl began that took all there was."""
    folders = sorted((lake / "raw" / f"source={source.name}").glob("run=*"), reverse=True)
    for folder in folders:
        record = crawl_record(folder)
        is_whole = record.get("finished") and record.get("max_records") == Quota().echo()
        if record.get("has_withdrawn"):
            return None  # when it is allowed again, all is asked for again
        # An entry that has changed may want what was left before.
        is_same = record.get("base_url") == base_url and record.get("entry") == source.entry_hash()
        if is_whole and is_same:
            return run_start(folder.name.removeprefix("run="))
    return None


def _open_run(lake: Path, source: str) -> tuple[Path, list[Path]]:
    """The run folder to land in, and the files it holds already where an earlier run was cut."""
    last = last_crawl(lake, source)
    if last and not crawl_record(last).get("finished"):
        return last, sorted(last.glob("[0-9]*.parquet"))
    return lake / "raw" / f"source={source}" / f"run={new_run_id()}", []
