"""The source registry (sources.toml) and the strategies that choose among sources."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ingest.errors import SettingsError, SourceError

REGISTRY = Path(__file__).with_name("sources.toml")
CATEGORIES = (
    "news",
    "encyclopedia",
    "literature",
    "government",
    "social",
    "blog",
    "conversation",
    "book",
    "local",
)
SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of the registry; the comment at its head explains the fields."""

    name: str
    home: str
    category: str
    title: str = ""
    categories: dict[str, str] = field(default_factory=dict)
    start_urls: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    licence: str | None = None
    delay_seconds: float = 1.0
    max_pages: int = 100_000

    def category_of(self, url: str) -> str:
        path = urlsplit(url).path
        fits = [prefix for prefix in self.categories if path.startswith(prefix)]
        return self.categories[max(fits, key=len)] if fits else self.category

    def public(self, url: str) -> str:
        """The url at home's own scheme and host where it names an alias of them."""
        parts, home = urlsplit(url), urlsplit(self.home)
        if parts.netloc != home.netloc and parts.hostname not in self.aliases:
            return url
        return urlunsplit(parts._replace(scheme=home.scheme, netloc=home.netloc))

    def follows(self, url: str) -> bool:
        """Whether a link to this public url belongs to the source."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname not in self.hosts:
            return False
        return not any(re.search(pattern, url) for pattern in self.exclude)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a source is served: at home, or at another base such as a mirror on loopback."""

    source: Source
    base_url: str | None = None

    def __post_init__(self):
        try:
            scheme = urlsplit(self.base_url or "http://home/").scheme
        except ValueError:
            scheme = ""
        if scheme not in ("http", "https"):
            raise SettingsError(
                f"--base-url {self.base_url} is not an address: give http://HOST:PORT/"
            )

    def served(self, public_url: str) -> str:
        if not self.base_url:
            return public_url
        base, parts = urlsplit(self.base_url), urlsplit(public_url)
        path = base.path.rstrip("/") + (parts.path or "/")
        return urlunsplit((base.scheme, base.netloc, path, parts.query, ""))

    @property
    def is_loopback(self) -> bool:
        host = urlsplit(self.base_url or self.source.home).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


def load_sources(path: Path = REGISTRY) -> dict[str, Source]:
    """All sources by name.

    Raises SettingsError where the registry is not TOML or an entry lacks a field.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the source registry {path}: {error}") from error
    return {name: _source(name, entry, path) for name, entry in entries.items()}


def _source(name: str, entry: dict, path: Path) -> Source:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    try:
        fields.setdefault("hosts", (urlsplit(entry["home"]).hostname or "",))
        source = Source(name=check_slug(name, "source name"), **fields)
        for category in (source.category, *source.categories.values()):
            check_category(category)
        return source
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"{path}: source {name}: {error}") from error


def find_source(name: str, sources: dict[str, Source]) -> Source:
    if name in sources:
        return sources[name]
    known = ", ".join(sorted(sources))
    raise SourceError(f"no source {name!r} in the registry: known are {known}")


def check_slug(name: str, what: str) -> str:
    """Source names become folder names; refuse what would not be one."""
    if SLUG.fullmatch(name):
        return name
    raise SettingsError(
        f"{what} {name!r} cannot be used: write lower-case letters, digits, - and _ only"
    )


def check_category(category: str) -> str:
    if category in CATEGORIES:
        return category
    raise SettingsError(f"no category {category!r}: known are {', '.join(CATEGORIES)}")


def shares(
    sources: list[Source], weights: dict[str, float], max_records: int | None
) -> dict[str, int | None]:
    """How many records each source may land under a strategy, None for no bound.

    A source's share follows the weight of its categories, the mean where it has several.
    """
    if max_records is None:
        return {source.name: None for source in sources}
    weight = {source.name: _weight(source, weights) for source in sources}
    total = sum(weight.values()) or 1.0
    return {name: max(1, round(max_records * part / total)) for name, part in weight.items()}


def _weight(source: Source, weights: dict[str, float]) -> float:
    categories = set(source.categories.values()) or {source.category}
    return sum(weights.get(category, 1.0) for category in categories) / len(categories)
