"""Retry-After: a host that says when to come back is left alone until then.

Scrapy tries again at once and ignores the header. Here every request to the host waits. A host
that asks for longer than MAX_WAIT_SECONDS is not waited for: the page lands as failed, and the next
run of the same command asks again.
"""

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

MAX_WAIT_SECONDS = 120.0


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for: a number, or an HTTP date (RFC 9110, 10.2.3)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


class RetryAfterMiddleware:
    def __init__(self):
        self._open_at: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler):
        return cls()

    async def process_request(self, request):
        host = urlsplit(request.url).netloc
        while (wait := self._open_at.get(host, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    def process_response(self, request, response):
        told = response.headers.get("Retry-After")
        if response.status not in (429, 503) or not told:
            return response
        seconds = retry_after_seconds(told.decode("latin-1"), datetime.now(UTC))
        if seconds is None:
            return response
        if seconds > MAX_WAIT_SECONDS:
            request.meta["dont_retry"] = True
        else:
            host = urlsplit(request.url).netloc
            until = time.monotonic() + seconds
            self._open_at[host] = max(self._open_at.get(host, 0.0), until)
        return response
