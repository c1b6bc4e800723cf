"""Rights signals: what a page, its headers and its host say about using its text.

All of them are recorded with the page. A reservation against text and data mining or AI training is
obeyed: such a page lands as refused, without body. Read are X-Robots-Tag and meta robots (noai),
the W3C community's TDM Reservation Protocol (header, meta, /.well-known/tdmrep.json) and, in
robots.txt, Content-Signal and Content-Usage. `noindex` is about search engines: recorded, no more.
"""

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

AGENT = "aadhan"
_NO_AI = frozenset(["noai", "noml"])
# Directives of X-Robots-Tag with a colon of their own; any other colon ends an agent's name.
_VALUED = frozenset(["unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"])
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_LICENCE_LINK = re.compile(r"rel\s*=\s*[\"']?[^\"',;]*\blicense\b", re.IGNORECASE)
_CREATIVE_COMMONS = (
    "a[href*='creativecommons.org/licenses/'], a[href*='creativecommons.org/publicdomain/']"
)
_CC_PARTS = re.compile(
    r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/?(\d\.\d)?", re.IGNORECASE
)
_TRAINING_KEYS = frozenset(["ai-train", "train-ai", "train-genai"])


def header_signals(headers: Mapping[str, list[str]], url: str) -> dict[str, Any]:
    """Signals in response headers, given as the list of values that each name was sent with."""
    signals: dict[str, Any] = {}
    robots: list[str] = []
    lines = [(name.lower(), value) for name, values in headers.items() for value in values]
    for name, value in lines:
        if name == "x-robots-tag":
            robots += _directives(value)
        elif name in ("tdm-reservation", "tdm-policy"):
            signals[name] = value.strip()
        elif name == "link":
            for target, parameters in _LINK.findall(value):
                if _LICENCE_LINK.search(parameters):
                    signals["license"] = _join(url, target)
    return signals | ({"x-robots-tag": robots} if robots else {})


def html_tree(body: bytes) -> LexborHTMLParser:
    """A page parsed for links and signals; what is not UTF-16 by its mark is read as UTF-8."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return LexborHTMLParser(body.decode("utf-16", "replace"))
    return LexborHTMLParser(body)


def page_signals(tree: LexborHTMLParser, url: str) -> dict[str, Any]:
    """Signals in a page: meta robots, meta tdm-reservation, rel=license, Creative Commons links."""
    signals: dict[str, Any] = {}
    robots: list[str] = []
    for node in tree.css("meta[name][content]"):
        name = (node.attributes["name"] or "").strip().lower()
        content = (node.attributes["content"] or "").strip()
        if name in ("robots", AGENT):
            robots += [part for piece in content.split(",") if (part := piece.strip().lower())]
        elif name in ("tdm-reservation", "tdm-policy"):
            signals[name] = content
    if robots:
        signals["robots"] = robots
    if node := tree.css_first("a[rel~=license][href], link[rel~=license][href]"):
        signals["license"] = _join(url, node.attributes["href"] or "")
    elif node := tree.css_first(_CREATIVE_COMMONS):
        # A link to a licence without the mark may be about a picture; it is recorded as that.
        signals["license-link"] = _join(url, node.attributes["href"] or "")
    return signals


def refusal(signals: dict[str, Any]) -> str | None:
    """Why a page must not be taken, or None."""
    if signals.get("tdm-reservation") == "1":
        return "tdm-reservation: 1"
    for place in ("x-robots-tag", "robots"):
        for directive in signals.get(place, ()):
            if directive in _NO_AI:
                return f"{place}: {directive}"
    return None


def forbids_following(signals: dict[str, Any]) -> bool:
    told = [*signals.get("x-robots-tag", ()), *signals.get("robots", ())]
    return "nofollow" in told or "none" in told


def licence_of(signals: dict[str, Any]) -> str | None:
    """The licence a page declares for itself: SPDX for Creative Commons, else the address."""
    target = signals.get("license")
    if not target or not (match := _CC_PARTS.search(target)):
        return target
    family, kind, version = match[1].lower(), match[2].upper(), match[3] or "4.0"
    if family == "licenses":
        return f"CC-{kind}-{version}"
    return {"ZERO": "CC0-1.0", "MARK": "LicenseRef-public-domain"}.get(kind, target)


def _directives(value: str) -> list[str]:
    """What one X-Robots-Tag line says to us: an agent's name binds what follows it in the line."""
    found, is_ours = [], True
    for piece in value.lower().split(","):
        name, colon, rest = piece.strip().partition(":")
        if colon and name.strip() not in _VALUED:
            is_ours = name.strip() in (AGENT, "*")
            piece = rest
        if is_ours and piece.strip():
            found.append(piece.strip())
    return found


def _join(url: str, target: str) -> str:
    try:
        return urljoin(url, target.strip())
    except ValueError:
        return target


def robots_reservation(text: str) -> str | None:
    """The line of a robots.txt that reserves a site against AI training, for us or for everyone.

    Content-Signal (contentsignals.org) and Content-Usage (IETF aipref drafts). A group that names
    us goes before the group of *.
    """
    found: dict[str, str | None] = {}
    agents: list[str] = []
    is_open = False
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = [*agents, value.lower()] if is_open else [value.lower()]
            is_open = True
            found.setdefault(value.lower(), None)
        elif name:
            is_open = False
            if name in ("content-signal", "content-usage") and _reserves(value):
                found |= dict.fromkeys(agents, f"{name}: {value}")
    return found[AGENT] if AGENT in found else found.get("*")


def _reserves(value: str) -> bool:
    for part in re.split(r"[,\s]+", value.lower()):
        key, _, answer = part.partition("=")
        if key in _TRAINING_KEYS and answer in ("no", "n"):
            return True
    return False


def tdm_rules(body: bytes) -> list[tuple[str, str]]:
    """(path pattern, reservation) of a /.well-known/tdmrep.json; none where it is not one."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        return []
    rules = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("location"), str):
            reservation = entry.get("tdm-reservation", 0)
            rules.append((entry["location"], "1" if reservation in (1, "1") else "0"))
    return rules


def tdm_reservation(rules: Sequence[tuple[str, str]], url: str) -> str | None:
    """The reservation of the first rule that fits the url's path; * and $ as in robots.txt."""
    parts = urlsplit(url)
    path = unquote(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
    for pattern, reservation in rules:
        expression = re.escape(unquote(pattern)).replace(r"\*", ".*").replace(r"\$", "$")
        if re.match(expression, path):
            return reservation
    return None
