"""Links out of landed bytes: of an HTML page, of a sitemap."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap
from selectolax.lexbor import LexborHTMLParser

from ingest.page import canonical_url

# Files no text can be read from; following them would only cost the host.
SKIPPED = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|ico|bmp|tiff?|css|js|json|xml|rss|atom|woff2?|ttf|eot|otf"
    r"|zip|gz|tgz|bz2|7z|rar|exe|dmg|apk|mp[34]|m4[av]|ogg|wav|avi|mov|webm|mkv|pdf|epub|docx?|xlsx?|pptx?)$",
    re.IGNORECASE,
)
MAX_SITEMAP_BYTES = 50_000_000  # the sitemap protocol's own bound
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)


def location(page_url: str, target: str) -> Iterator[str]:
    """Where a redirect leads, if that is an address at all."""
    return _absolute(page_url, target)


def page_links(body: bytes, page_url: str) -> Iterator[str]:
    """Absolute urls a page links to: anchors, areas, next/canonical links, meta refresh."""
    tree = LexborHTMLParser(body)
    base = tree.css_first("base[href]")
    origin = urljoin(page_url, base.attributes["href"] or "") if base else page_url
    for node in tree.css("a[href], area[href], link[rel=next], link[rel=canonical]"):
        yield from _absolute(origin, node.attributes["href"])
    for node in tree.css("meta[http-equiv=refresh i]"):
        if match := _REFRESH.search(node.attributes.get("content") or ""):
            yield from _absolute(origin, match[1])


def sitemap_links(body: bytes, sitemap_url: str) -> tuple[list[str], list[str]]:
    """(further sitemaps, pages) a sitemap or sitemap index names; relative ones resolved.

    Raises an exception of lxml's or gzip's for what is no sitemap.
    """
    if body.startswith(b"\x1f\x8b"):
        body = gunzip(body, max_size=MAX_SITEMAP_BYTES)
    sitemap = Sitemap(body)
    locations = [
        url for entry in sitemap for url in _absolute(sitemap_url, str(entry.get("loc", "")))
    ]
    return (locations, []) if sitemap.type == "sitemapindex" else ([], locations)


def _absolute(origin: str, href: str | None) -> Iterator[str]:
    if not (href or "").strip():
        return
    try:
        url = urljoin(origin, (href or "").strip()).split("#", 1)[0]
        canonical_url(url)  # hosts and ports that cannot be are found out here
    except ValueError:
        return
    if url.startswith(("http://", "https://")):
        yield url


def is_followable(url: str) -> bool:
    return not SKIPPED.search(url.split("?", 1)[0])
