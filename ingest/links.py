"""Links out of landed bytes: of an HTML page, of a sitemap."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from scrapy.utils.sitemap import Sitemap
from selectolax.lexbor import LexborHTMLParser

# Files no text can be read from; following them would only cost the host.
SKIPPED = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|ico|bmp|tiff?|css|js|json|xml|rss|atom|woff2?|ttf|eot|otf"
    r"|zip|gz|tgz|bz2|7z|rar|exe|dmg|apk|mp[34]|m4[av]|ogg|wav|avi|mov|webm|mkv|pdf|epub|docx?|xlsx?|pptx?)$",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)


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
    """(further sitemaps, pages) a sitemap or sitemap index names; relative ones resolved."""
    sitemap = Sitemap(body)
    locations = [
        urljoin(sitemap_url, entry["loc"].strip()) for entry in sitemap if entry.get("loc")
    ]
    return (locations, []) if sitemap.type == "sitemapindex" else ([], locations)


def _absolute(origin: str, href: str | None) -> Iterator[str]:
    try:
        url = urljoin(origin, (href or "").strip())
    except ValueError:  # a bracketed host that is no IPv6 address
        return
    if url.startswith(("http://", "https://")):
        yield url.split("#", 1)[0]


def is_followable(url: str) -> bool:
    return not SKIPPED.search(url.split("?", 1)[0])
