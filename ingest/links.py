"""Links out of landed bytes: of an HTML page, of a sitemap, of a feed."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urljoin

import feedparser
import lxml.etree as etree  # pyright: ignore
from scrapy.utils.gz import gunzip
from selectolax.lexbor import LexborHTMLParser

from ingest.urls import canonical_url

# Files of which no text is read; following them would only cost the host.
SKIPPED = re.compile(
    r"\.(jpe?g|png|gif|svg|webp|ico|bmp|tiff?|css|js|json|xml|rss|atom|woff2?|ttf|eot|otf"
    r"|zip|gz|tgz|bz2|7z|rar|exe|dmg|apk|mp[34]|m4[av]|ogg|wav|avi|mov|webm|mkv|pdf|epub|docx?|xlsx?|pptx?)$",
    re.IGNORECASE,
)
MAX_SITEMAP_BYTES = 50_000_000  # the sitemap protocol's own bound
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A post as a feed tells it: its address, what is said about it, its HTML where it is given."""

    url: str
    record: dict
    body: str


def location(page_url: str, target: str) -> Iterator[str]:
    """Where a redirect leads, if that is an address at all."""
    return _absolute(page_url, target)


def page_links(tree: LexborHTMLParser, page_url: str) -> Iterator[str]:
    """Absolute urls a page links to: anchors, areas, next/canonical links, meta refresh."""
    base = tree.css_first("base[href]")
    origin = urljoin(page_url, base.attributes["href"] or "") if base else page_url
    for node in tree.css("a[href], area[href], link[rel=next], link[rel=canonical]"):
        yield from _absolute(origin, node.attributes["href"])
    for node in tree.css("meta[http-equiv=refresh i]"):
        if match := _REFRESH.search(node.attributes.get("content") or ""):
            yield from _absolute(origin, match[1])


def sitemap_links(body: bytes, sitemap_url: str) -> tuple[list[str], list[FeedEntry]]:
    """(further sitemaps, pages) a sitemap or sitemap index names; relative ones resolved.

    A page of a news sitemap comes with its title and date. Raises ValueError for what is no
    sitemap, and gzip's errors.
    """
    if body.startswith(b"\x1f\x8b"):
        body = gunzip(body, max_size=MAX_SITEMAP_BYTES)
    # Broken ones are read as far as they go; entities are neither expanded nor fetched.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(body, parser)
    kind = "" if root is None else _local(root)
    if root is None or kind not in ("urlset", "sitemapindex"):
        raise ValueError("no sitemap")
    entries = [entry for one in root for entry in _sitemap_entry(one, sitemap_url)]
    if kind == "sitemapindex":
        return [entry.url for entry in entries], []
    return [], entries


def _sitemap_entry(element, sitemap_url: str) -> Iterator[FeedEntry]:
    told = {_local(one): (one.text or "").strip() for one in element.iter() if _local(one)}
    record = {"title": told.get("title"), "published_at": told.get("publication_date")}
    for url in _absolute(sitemap_url, told.get("loc")):
        yield FeedEntry(url, {key: value for key, value in record.items() if value}, "")


def _local(element) -> str:
    """An element's name without its namespace; empty for comments and the like."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


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


def is_followable(url: str, files: tuple[str, ...] = ()) -> bool:
    """Whether a url may lead to text; `files` are endings to follow all the same, such as pdf."""
    match = SKIPPED.search(url.split("?", 1)[0])
    return match is None or match[1].lower() in files


def feed_entries(body: bytes, feed_url: str) -> tuple[list[FeedEntry], str | None]:
    """Entries of an RSS or Atom feed, and the address of its next page where it names one.

    Raises ValueError for what is no feed.
    """
    headers = {"content-location": feed_url}
    with suppress(UnicodeDecodeError):
        body.decode("utf-8")
        # Else a feed that names no encoding would be read as Latin-1.
        headers["content-type"] = "application/xml; charset=utf-8"
    # Given as a file: feedparser would take a text for an address to fetch.
    parsed = feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False)
    if not parsed.version:
        raise ValueError(f"no feed ({parsed.get('bozo_exception', 'empty')})")
    entries = [entry for one in parsed.entries if (entry := _entry(one, feed_url))]
    links = [link.get("href") for link in parsed.feed.get("links", []) if link.get("rel") == "next"]
    following = next((url for href in links for url in _absolute(feed_url, href)), None)
    return entries, following


def _entry(entry, feed_url: str) -> FeedEntry | None:
    links = [link for link in entry.get("links", []) if link.get("rel") == "alternate"]
    href = links[0].get("href") if links else entry.get("link")
    url = next(_absolute(feed_url, href), None)
    if url is None:
        return None
    contents = [part.value for part in entry.get("content", [])]
    record = {
        "title": entry.get("title"),
        "author": entry.get("author"),
        "published_at": _iso(entry.get("published_parsed")) or entry.get("published"),
        "updated_at": _iso(entry.get("updated_parsed")) or entry.get("updated"),
        "labels": [tag.term for tag in entry.get("tags", []) if tag.get("term")],
    }
    body = max([*contents, entry.get("summary", "")], key=len)
    return FeedEntry(url, {key: value for key, value in record.items() if value}, body)


def _iso(moment) -> str | None:
    """A date as feedparser has read it, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", moment) if moment else None
