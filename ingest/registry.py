"""The source registry: sources.toml as it ships, and the user's own beside it."""

import hashlib
import json
import re
import tomllib
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from ingest.errors import SettingsError, SourceError
from ingest.urls import bare_netloc

REGISTRY = Path(__file__).with_name("sources.toml")
USER_REGISTRY = Path("sources.toml")
KINDS = ("site", "madurai", "mediawiki", "blogger", "wordpress")
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
    kind: str = "site"
    title: str = ""
    categories: dict[str, str] = field(default_factory=dict)
    start_urls: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    follow_links: bool = True
    files: tuple[str, ...] = ()
    api: str = ""
    namespaces: tuple[int, ...] = (0,)
    robots_exempt: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    licence: str | None = None
    delay_seconds: float = 1.0
    max_pages: int = 100_000

    def entry_hash(self) -> str:
        """A hash of what the entry says: another one may want other pages."""
        said = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def category_of(self, url: str) -> str:
        path = urlsplit(url).path
        fits = [prefix for prefix in self.categories if path.startswith(prefix)]
        return self.categories[max(fits, key=len)] if fits else self.category

    def public(self, url: str) -> str:
        """The url as the source spells it: home's scheme and host where it names an alias of them.

        Host names are in lower case, without user and default port.
        """
        parts, home = urlsplit(url), urlsplit(self.home)
        netloc = bare_netloc(parts)
        if netloc != bare_netloc(home) and netloc not in self.aliases:
            return urlunsplit(parts._replace(netloc=netloc))
        return urlunsplit(parts._replace(scheme=home.scheme, netloc=bare_netloc(home)))

    def follows(self, url: str) -> bool:
        """Whether a link to this public url belongs to the source."""
        parts = urlsplit(url)
        netloc = bare_netloc(parts)
        if parts.scheme not in ("http", "https"):
            return False
        # Another port of a host is another server.
        if netloc != bare_netloc(urlsplit(self.home)) and netloc not in self.hosts:
            return False
        return not any(re.search(pattern, url) for pattern in self.exclude)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a source is served: at home, or at another base such as a mirror on loopback."""

    source: Source
    base_url: str | None = None

    def __post_init__(self):
        try:
            parts = urlsplit(self.base_url or "http://home/")
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
            is_address = is_address and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address:
            raise SettingsError(
                f"--base-url {self.base_url} is not an address: give http://HOST:PORT/"
            )

    def served(self, public_url: str) -> str:
        base, parts = urlsplit(self.base), urlsplit(public_url)
        if not self.base_url or bare_netloc(parts) != bare_netloc(urlsplit(self.source.home)):
            return public_url  # a mirror is one of home, not of the source's other hosts
        path = base.path.rstrip("/") + (parts.path or "/")
        return urlunsplit((base.scheme, base.netloc, path, parts.query, ""))

    @property
    def base(self) -> str:
        return self.base_url or self.source.home

    @property
    def is_loopback(self) -> bool:
        """Whether nothing of the source is fetched from another machine."""
        host = urlsplit(self.base).hostname or ""
        is_alone = set(self.source.hosts) <= {urlsplit(self.source.home).hostname}
        return is_alone and (host in ("localhost", "::1") or host.startswith("127."))


def load_sources(path: Path | None = None) -> dict[str, Source]:
    """All sources by name: those that ship, then those of ./sources.toml or of the given file.

    An entry under a known name replaces it. Raises SettingsError where a registry is not TOML or
    an entry lacks a field.
    """
    user = path or (USER_REGISTRY if USER_REGISTRY.exists() else None)
    return _read(REGISTRY) | (_read(user) if user else {})


def _read(path: Path) -> dict[str, Source]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the source registry {path}: {error}") from error
    return {name: _source(name, entry, path) for name, entry in entries.items()}


def _source(name: str, entry: Any, path: Path) -> Source:
    where = f"{path}: source {name}"
    if not isinstance(entry, dict):
        raise SettingsError(f"{where}: write it as a table, [{name}]")
    known = {field.name: field for field in fields(Source)}
    if unknown := set(entry) - set(known):
        told = ", ".join(sorted(set(known) - {"name"}))
        raise SettingsError(f"{where}: unknown field {sorted(unknown)[0]!r}; known are {told}")
    for needed in ("home", "category"):
        if not isinstance(entry.get(needed), str):
            raise SettingsError(f'{where}: it needs {needed} = "…"')
    values = {key: tuple(one) if isinstance(one, list) else one for key, one in entry.items()}
    for key, value in values.items():
        default = known[key].default
        expected = type(default) if default not in (MISSING, None) else None
        if expected is float and type(value) is int:
            continue
        if expected and type(value) is not expected:
            kind = {tuple: "a list", str: "a text", bool: "true or false"}.get(expected, "a number")
            raise SettingsError(f"{where}: {key} = {value!r} must be {kind}")
    return _checked(name, values, where)


def _checked(name: str, values: dict[str, Any], where: str) -> Source:
    check_slug(name, f"{where}: its name")
    try:
        home = urlsplit(values["home"])
        _ = home.port
        for key, value in values.items():
            if isinstance(value, tuple) and key != "namespaces":
                for one in value:
                    urljoin(values["home"], one)
        for pattern in values.get("exclude", ()):
            re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"{where}: exclude is no regular expression: {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(f"{where}: {error}") from error
    if home.scheme not in ("http", "https") or not home.hostname:
        raise SettingsError(f"{where}: home must be an address such as https://a.example/")
    named = (home.hostname, *values.get("hosts", ()))
    hosts = {f"[{host}]" if ":" in host else host for host in map(str.lower, named)}
    given: dict[str, Any] = values | {"hosts": tuple(sorted(hosts))}
    if not any(given.get(start) for start in ("start_urls", "sitemaps", "feeds")):
        given["start_urls"] = (values["home"],)
    source = Source(name=name, **given)
    if source.kind not in KINDS:
        raise SettingsError(f"{where}: no kind {source.kind!r}; known are {', '.join(KINDS)}")
    if source.kind == "mediawiki" and not source.api:
        raise SettingsError(f'{where}: a MediaWiki needs the path of its API: api = "/w/api.php"')
    for category in (source.category, *source.categories.values()):
        if category not in CATEGORIES:
            known = ", ".join(CATEGORIES)
            raise SettingsError(f"{where}: no category {category!r}; known are {known}")
    return source


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
