"""The guard against being sent elsewhere: no request leaves for a private address.

A link, a redirect or a DNS answer can point a crawler at the machine's own network. Schemes and
literal addresses (decimal, hexadecimal, octal and IPv6 forms too) are checked before a request;
names are checked where they are resolved, so the address that was checked is the one connected to.
A host the user named, as the source's home or with --base-url, may be private: that is a mirror.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.error import DNSLookupError


class Blocked(IgnoreRequest):
    """A request that must not be made; asking again will not help."""


def is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    if isinstance(found, ipaddress.IPv6Address):
        # NAT64 and 6to4 carry an IPv4 address inside.
        inner = found.sixtofour or (found.teredo or (None, None))[1]
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None and not inner.is_global:
            return False
    return found.is_global and not found.is_multicast


def literal_address(host: str) -> str | None:
    """The address a host name is in itself: dotted, decimal, hexadecimal, octal, short or IPv6."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        pass
    try:
        return str(ipaddress.ip_address(host.split("%", 1)[0]))
    except ValueError:
        return None


class GuardResolver(CachingThreadedResolver):
    """Refuses names that resolve to a private address, unless they are the user's own."""

    # The one resolver of the process tells the middlewares of all crawlers; Twisted turns what it
    # raises into "no such host".
    refused: dict[str, str] = {}
    allowed: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler, reactor):
        resolver = super().from_crawler(crawler, reactor)
        netlocs = crawler.settings["AADHAN_ALLOWED_NETLOCS"]
        resolver.allowed = frozenset(urlsplit(f"//{netloc}").hostname or "" for netloc in netlocs)
        return resolver

    def getHostByName(self, name, timeout=()):
        found = super().getHostByName(name, timeout)
        return found if name in self.allowed else found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if is_public(address):
            return address
        self.refused[name] = address
        raise DNSLookupError(f"{name} resolves to the private address {address}")


class GuardMiddleware:
    def __init__(self, allowed):
        self.allowed = frozenset(allowed)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler.settings["AADHAN_ALLOWED_NETLOCS"])

    def process_request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise Blocked(f"the scheme {parts.scheme} is not fetched")
        if parts.netloc in self.allowed:
            return
        host = parts.hostname or ""
        address = "127.0.0.1" if host == "localhost" else literal_address(host)
        if address and not is_public(address):
            raise Blocked(f"private address {address}")

    def process_exception(self, request, exception):
        parts = urlsplit(request.url)
        address = GuardResolver.refused.get(parts.hostname or "")
        if address and parts.netloc not in self.allowed:
            raise Blocked(f"{parts.hostname} resolves to the private address {address}")
