"""Urls: one spelling for one page, and what no crawler should walk into.

w3lib sorts the query and settles percent-encoding and IDN. Added here: tracking and session
parameters leave, the path is NFC whether it was typed or percent-encoded, and endless paths are
told. A url is never repaired: what cannot be parsed raises ValueError.
"""

import re
import unicodedata
from urllib.parse import (
    SplitResult,
    parse_qsl,
    quote,
    unquote_to_bytes,
    urlencode,
    urlsplit,
    urlunsplit,
)

from w3lib.url import canonicalize_url

# Parameters that tell where a reader came from or who they are, never which page it is.
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|igsh|mc_[ce]id|_ga|_gl"
    r"|_hsenc|_hsmi|mkt_tok|spm|ref_src|ref_url|cmpid|icid|ncid|ocid|xtor|amp_js_v|amp_gsa"
    r"|phpsessid|jsessionid|aspsessionid\w*|asp\.net_sessionid|cfid|cftoken|sessionid|session_id"
    r"|zenid|oscsid|fb_action_\w+|fb_source|__cf_chl_\w+",
    re.IGNORECASE,
)
# Servlets write the session into the path.
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?;]*", re.IGNORECASE)
# Addresses that are canonical as they stand; the common case, and ten times as fast to tell.
_CANONICAL = re.compile(
    r"https?://[a-z0-9]+([.-][a-z0-9]+)*(/(?![.])([A-Za-z0-9_.~-]|%[89A-F][0-9A-F])*)+", re.ASCII
)
# What MediaWiki itself leaves as it is in an address; letters beyond ASCII stay readable.
_SAFE = ";@$!*(),/:~"
_SPECIAL = re.compile(r"[^\u0080-\U0010ffffA-Za-z0-9_.\-" + re.escape(_SAFE) + "]")
MAX_URL_CODEPOINTS = 2_000
MAX_SEGMENTS = 30
MAX_SEGMENT_REPEATS = 3


def canonical_url(url: str) -> str:
    """One spelling for one page: sorted query without tracking, no fragment, NFC path.

    Urls that are not http(s), such as record ids of imported text, stay as they are.
    """
    if _CANONICAL.fullmatch(url):
        # Percent-encoded letters may still be decomposed.
        return url if "%" not in url else _nfc_path(url)
    if not url.lower().startswith(("http://", "https://")):
        return url
    parts = urlsplit(canonicalize_url(without_tracking(url)))
    return urlunsplit(parts._replace(netloc=bare_netloc(parts), path=_nfc_path(parts.path) or "/"))


def bare_netloc(parts: SplitResult) -> str:
    """Host and port in lower case, without user and default port. ValueError for a bad port."""
    port, host = parts.port, (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    is_default = port is None or port == {"http": 80, "https": 443}.get(parts.scheme)
    return host if is_default else f"{host}:{port}"


def without_tracking(url: str) -> str:
    """The url without session and tracking parameters, otherwise as it was written."""
    parts = urlsplit(unicodedata.normalize("NFC", url))
    query = parts.query
    if query and _TRACKING.search(query):
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if not _TRACKING.fullmatch(name)]
        query = query if len(kept) == len(pairs) else urlencode(kept)
    path = _PATH_SESSION.sub("", parts.path) if ";" in parts.path else parts.path
    return urlunsplit(parts._replace(path=path, query=query))


def _nfc_path(path: str) -> str:
    """A percent-encoded path with its text in NFC; bytes that are no UTF-8 stay as they are."""
    if "%" not in path:
        return path
    try:
        text = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return path
    composed = unicodedata.normalize("NFC", text)
    # Only a path that changes is written anew: an encoded slash is not a slash.
    return path if composed == text else quote(composed, safe="/:@!$&'()*+,;=~-._%")


def is_trap(url: str) -> bool:
    """Whether a url has the shape of an endless one: very long, very deep, or going round."""
    if len(url) > MAX_URL_CODEPOINTS:
        return True
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    if len(segments) > MAX_SEGMENTS:
        return True
    return any(segments.count(one) > MAX_SEGMENT_REPEATS for one in set(segments))


def wiki_url(prefix: str, title: str) -> str:
    """An article's address, the same whether its title came from a dump or from the API."""
    return prefix + _SPECIAL.sub(lambda one: quote(one[0], safe=""), title.replace(" ", "_"))
