"""What landing costs: `aadhan crawl` against a bare Scrapy spider, same site, same concurrency.

The bare spider does what a tutorial has it do: follow all links and yield url and body, landing
nothing. The site is generated, served on loopback by another process that is not counted.

    python -m bench.landing [--pages 2000] [--rounds 3]
"""

import argparse
import http.server
import multiprocessing
import random
import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import interleaved, table

WORDS = (
    "மழை குளம் பறவை மரம் சிறுவன் நூலகம் கடிதம் கடல் அலை வயல் பாட்டி கதை காடு கோவில் மணி "
    "தச்சன் குதிரை ஆறு மலை விளக்கு பேருந்து சந்தை பள்ளி ஓவியம் அறுவடை உழவர் பானை தபால்"
).split()
CONCURRENCY = 8


def page(number: int, pages: int) -> bytes:
    """About 12 kB: navigation with links, twelve paragraphs."""
    chance = random.Random(number)
    others = [2 * number + 1, 2 * number + 2, *(chance.randrange(pages) for _ in range(20))]
    links = "".join(f'<a href="/p/{other}">{other}</a> ' for other in others if other < pages)
    text = "".join(f"<p>{' '.join(chance.choices(WORDS, k=60))}.</p>" for _ in range(12))
    head = f"<head><title>{number}</title></head>"
    return f"<html>{head}<body><nav>{links}</nav>{text}</body></html>".encode()


def serve(pages: int, port) -> None:
    bodies = [page(number, pages) for number in range(pages)]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            number = self.path.rsplit("/", 1)[-1] or "0"
            body = bodies[int(number)] if number.isdigit() else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.value = server.server_port
    server.serve_forever()


def bare(url: str) -> None:
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess

    class Bare(scrapy.Spider):
        name = "bare"
        start_urls = [url]

        def parse(self, response):
            yield {"url": response.url, "body": response.body}
            yield from response.follow_all(css="a")

    settings = {
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": True,
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
    }
    process = AsyncCrawlerProcess(settings)
    process.crawl(Bare)
    process.start()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        return bare(given.bare)
    port = multiprocessing.Value("i", 0)
    server = multiprocessing.Process(target=serve, args=(given.pages, port), daemon=True)
    server.start()
    while not port.value:
        server.join(0.05)
    url = f"http://127.0.0.1:{port.value}/"
    folder = Path(tempfile.mkdtemp())

    def crawl() -> list[str]:
        shutil.rmtree(folder / "lake", ignore_errors=True)
        aadhan = [sys.executable, "-m", "aadhan", "crawl", "--source", "demo"]
        return [*aadhan, "--base-url", url, "--lake", str(folder / "lake")]

    spider = [sys.executable, "-m", "bench.landing", "--bare", url]
    contenders = {"bare Scrapy spider": lambda: spider, "aadhan crawl": crawl}
    costs = interleaved(contenders, given.rounds, folder)
    server.terminate()
    shutil.rmtree(folder)
    base = costs["bare Scrapy spider"].cpu_seconds
    rows = [
        [
            name,
            f"{cost.cpu_seconds:.2f}",
            f"{cost.cpu_seconds / given.pages * 1e3:.2f}",
            f"{cost.cpu_seconds / base:.2f}",
            f"{cost.peak_rss_bytes >> 20}",
        ]
        for name, cost in costs.items()
    ]
    print(table(["", "CPU-seconds", "ms a page", "of the bare", "peak MB"], rows))


if __name__ == "__main__":
    main()
