"""The crawl against a difficult site on loopback: what is asked for and what lands."""

import http.server
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import duckdb
import pytest
from conftest import ROOT, SITE, run_aadhan, run_aadhan_on_a_full_disk, serve, serve_folder


class Site(http.server.BaseHTTPRequestHandler):
    """A small site of troubles; `server.robots` and `server.delay` are set by the tests."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked[self.path] += 1
        time.sleep(getattr(self.server, "delay", 0))
        status, headers, body = self.answer()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if "Content-Length" in headers:
            self.close_connection = True

    def answer(self):
        path = self.path.split("?")[0]
        html = {"Content-Type": "text/html; charset=utf-8", "ETag": '"1"'}
        if path in ("/robots.txt", "/robots2.txt"):
            time.sleep(0.3)  # links to disallowed pages wait for it
            status, text = getattr(self.server, "robots", (404, ""))
            if path == "/robots.txt" and getattr(self.server, "robots_moved", False):
                return 301, {"Location": "/robots2.txt"}, b""
            return status, {"Content-Type": "text/plain"}, text.encode()
        if path == "/sitemap.xml":
            return getattr(self.server, "sitemap", (404, {}, b""))
        if path == "/":
            links = [f"/page/{n}" for n in range(20)] + [f"/secret/{n}" for n in range(20)]
            links += ["/loop", "/to/a", "/gone", "/empty", "/cut", "http://elsewhere.example/x"]
            links += ["/page/1#part", "/page/1?utm=1", "javascript:void(0)", "mailto:a@b", "//["]
            links += ["http://elsewhere.example:port/", "", "http://[bad", "/accent", "/bad-to"]
            return 200, html, "".join(f"<a href='{link}'>x</a>" for link in links).encode()
        if path == "/loop":
            return 302, {"Location": "/loop"}, b""
        if path == "/to/a":
            return 301, {"Location": "/to/b"}, b""
        if path == "/to/b":
            return 301, {"Location": "/page/1"}, b""
        if path == "/empty":
            return 200, html, b""
        if path == "/accent":
            return 200, html | {"X-Title": "caf\xe9"}, b"<p>accent <a href='/page/2'>x</a>"
        if path == "/bad-to":
            return 302, {"Location": "http://[bad"}, b""
        if path == "/cut":
            return 200, html | {"Content-Length": "9999"}, "<p>பாதி".encode()
        if path == "/gone":
            return 410, html, b"gone"
        number = int(path.rsplit("/", 1)[1])
        more = "".join(
            f"<a href='/page/{n}'>x</a>"
            for n in (number * 2, number * 2 + 1)
            if n < getattr(self.server, "pages", 20)
        )
        return 200, html, f"<p>பக்கம் {number}</p>{more}".encode()


@pytest.fixture
def site():
    with serve(Site) as server:
        yield server


def landed(lake, columns="fetch_status, http_status, url", where="true"):
    files = f"read_parquet('{lake}/raw/*/*/*.parquet')"
    query = f"select {columns} from {files} where {where} order by all"
    return duckdb.sql(query).fetchall()


def crawl(site, lake, *more):
    return run_aadhan(
        "crawl", "--source", "demo", "--base-url", site.url, "--lake", lake, *more, cwd=lake.parent
    )


def test_every_url_asked_for_lands_once_with_what_became_of_it(site, tmp_path):
    done = crawl(site, tmp_path / "lake")
    assert done.returncode == 0, done.stderr
    by_path = {}
    for status, code, url in landed(tmp_path / "lake"):
        by_path.setdefault(url.removeprefix("http://demo.aadhan.example"), []).append(
            (status, code)
        )
    assert all(len(rows) == 1 for rows in by_path.values())
    assert by_path["/"] == [("ok", 200)]
    assert by_path["/loop"] == [("redirect", 302)]
    assert by_path["/to/a"] == by_path["/to/b"] == [("redirect", 301)]
    assert by_path["/gone"] == [("http_error", 410)]
    assert by_path["/empty"] == [("ok", 200)]
    assert by_path["/cut"] == [("truncated", 200)]
    assert by_path["/accent"] == [("ok", 200)]
    assert by_path["/bad-to"] == [("redirect", 302)]
    assert by_path["/page/1"] == [("ok", 200)]
    assert sum(path.startswith("/secret") for path in by_path) == 20
    assert site.asked["/loop"] == 1
    assert not any("elsewhere" in path for path in by_path)


def test_no_disallowed_page_is_fetched_while_robots_is_on_its_way(site, tmp_path):
    site.robots = (200, "User-agent: *\nDisallow: /secret/\n")
    crawl(site, tmp_path / "lake")
    assert not [path for path in site.asked if path.startswith("/secret")]
    refused = [row for row in landed(tmp_path / "lake") if row[0] == "disallowed"]
    assert len(refused) == 20 and all("/secret/" in url for _, _, url in refused)
    assert site.asked["/robots.txt"] == 1


@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_robots_txt_that_has_moved_or_has_a_mark_is_obeyed(site, tmp_path, bom):
    site.robots, site.robots_moved = (200, f"{bom}User-agent: *\nDisallow: /secret/\n"), True
    crawl(site, tmp_path / "lake")
    assert not [path for path in site.asked if path.startswith("/secret")]


def test_a_site_that_forbids_everything_lands_its_refusal(site, tmp_path):
    site.robots = (200, "User-agent: *\nDisallow: /\n")
    done = crawl(site, tmp_path / "lake")
    assert done.returncode == 0 and "not one page could be read" in done.stderr
    assert {row[0] for row in landed(tmp_path / "lake")} == {"disallowed"}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_robots_txt_that_cannot_be_read_disallows(site, tmp_path, status):
    site.robots = (status, "")
    done = crawl(site, tmp_path / "lake")
    assert done.returncode == 1 and "no answer" in done.stderr
    assert set(site.asked) == {"/robots.txt"}


def test_max_records_is_exact(site, tmp_path):
    crawl(site, tmp_path / "lake", "--max-records", "7")
    assert sum(row[0] == "ok" for row in landed(tmp_path / "lake")) == 7


def test_a_host_that_refuses_leaves_nothing_behind(tmp_path):
    with serve(Site) as server:
        url = server.url
    lake = tmp_path / "lake"
    done = run_aadhan("crawl", "--source", "demo", "--base-url", url, "--lake", lake)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "is the site up" in done.stderr
    assert not list(lake.rglob("*"))


def test_pages_keep_their_bytes_and_headers(tmp_path):
    with serve_folder(SITE) as server:
        crawl(server, tmp_path / "lake")
    rows = landed(tmp_path / "lake", "url, body, body_sha256, last_modified, category, licence")
    by_url = {row[0]: row[1:] for row in rows}
    body, digest, modified, category, licence = by_url[
        "http://demo.aadhan.example/ilakkiyam/pazhaya-kaditham.html"
    ]
    assert body == (SITE / "ilakkiyam" / "pazhaya-kaditham.html").read_bytes()
    assert len(digest) == 64 and modified and category == "literature" and licence == "CC0-1.0"


def test_a_finished_crawl_is_not_resumed_but_done_again(site, tmp_path):
    crawl(site, tmp_path / "lake")
    crawl(site, tmp_path / "lake")
    assert len(list((tmp_path / "lake" / "raw" / "source=demo").iterdir())) == 2


@pytest.mark.parametrize("body", [b"", b"no xml", b"\x1f\x8b cut", b"<urlset><url><loc>http://["])
def test_a_broken_sitemap_is_told_and_the_crawl_goes_on(site, tmp_path, body):
    site.sitemap = (200, {"Content-Type": "application/xml"}, body)
    done = crawl(site, tmp_path / "lake")
    assert done.returncode == 0
    assert sum(row[0] == "ok" for row in landed(tmp_path / "lake")) > 20


def test_an_unchanged_recrawl_changes_nothing_in_the_corpus(tmp_path):
    lake, hashes = tmp_path / "lake", []
    for name in ("one", "two"):
        with serve_folder(SITE) as server:
            assert crawl(server, lake).returncode == 0
        done = run_aadhan("build", "--name", name, "--lake", lake, "--format", "json")
        assert done.returncode == 0, done.stderr
        hashes.append(json.loads(done.stdout)[0]["content_hash"])
    assert hashes[0] == hashes[1]


def cut_crawl(site, lake):
    """A crawl that is killed after it has landed a few files."""
    (lake.parent / "aadhan.toml").write_text("[crawl]\nflush_pages = 5\n")
    command = [sys.executable, "-m", "aadhan", "crawl", "--source", "demo"]
    command += ["--base-url", site.url, "--lake", str(lake)]
    process = subprocess.Popen(command, cwd=lake.parent, env={"PYTHONPATH": str(ROOT)})
    while process.poll() is None and len(list(lake.rglob("*.parquet"))) < 2:
        time.sleep(0.01)
    return process


def test_a_resume_while_the_site_is_down_loses_nothing(site, tmp_path):
    site.pages, site.delay = 60, 0.02
    lake = tmp_path / "lake"
    process = cut_crawl(site, lake)
    process.kill()
    process.wait()
    url, site.url = site.url, "http://127.0.0.1:9/"
    done = crawl(site, lake)
    assert done.returncode == 1 and "no answer" in done.stderr
    site.url = url
    done = crawl(site, lake)
    assert done.returncode == 0 and "went on with" in done.stderr
    assert sum(row[0] == "ok" for row in landed(lake)) >= 60


def test_two_crawls_of_a_source_do_not_run_at_once(site, tmp_path):
    site.pages, site.delay = 60, 0.4
    lake = tmp_path / "lake"
    process = cut_crawl(site, lake)
    done = crawl(site, lake)
    assert done.returncode == 1 and "a crawl or import of demo is running" in done.stderr
    assert process.wait() == 0
    assert crawl(site, lake).returncode == 0


def test_a_build_tells_of_a_crawl_that_has_not_finished(site, tmp_path):
    site.pages, site.delay = 60, 0.02
    process = cut_crawl(site, tmp_path / "lake")
    process.kill()
    process.wait()
    more = ("--lake", tmp_path / "lake", "--unchecked")
    done = run_aadhan("build", "--name", "x", *more, cwd=tmp_path)
    assert "the last crawl of demo has not finished" in done.stderr


def test_an_import_is_no_crawl_to_be_resumed(site, tmp_path):
    (tmp_path / "mine.jsonl").write_text('{"id": 1, "text": "அ"}')
    arguments = ("import", "jsonl", tmp_path / "mine.jsonl", "--source", "demo")
    assert run_aadhan(*arguments, "--lake", tmp_path / "lake").returncode == 0
    done = crawl(site, tmp_path / "lake")
    assert done.returncode == 0 and "went on with" not in done.stderr
    assert len(list((tmp_path / "lake" / "raw" / "source=demo").glob("run=*"))) == 2


@pytest.mark.slow
def test_kill_9_at_twenty_moments_and_resume_lands_every_page_once(site, tmp_path):
    """The same pages as an undisturbed crawl, none twice; the server's log is the witness."""
    site.pages = 2_000
    site.robots = (200, "User-agent: *\nDisallow: /secret/\n")
    undisturbed = tmp_path / "undisturbed"
    assert crawl(site, undisturbed).returncode == 0
    asked = set(site.asked)
    (tmp_path / "aadhan.toml").write_text("[crawl]\nflush_pages = 10\n")
    lake = tmp_path / "lake"
    command = [sys.executable, "-m", "aadhan", "crawl", "--source", "demo"]
    command += ["--base-url", site.url, "--lake", str(lake)]
    chance = random.Random(7)
    kills = 0
    while kills < 20:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
        )
        target = len(list(lake.rglob("*.parquet"))) + chance.randint(0, 8)
        while process.poll() is None and len(list(lake.rglob("*.parquet"))) < target:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        assert process.poll() is None, "the crawl was over before it could be killed"
        process.send_signal(signal.SIGKILL)
        kills += 1
        process.wait()
        process.stderr.close()
    done = crawl(site, lake)
    assert done.returncode == 0 and "went on with" in done.stderr
    assert not list(lake.rglob("*.tmp"))
    assert len(list((lake / "raw" / "source=demo").iterdir())) == 1
    columns = "canonical_url, fetch_status, body_sha256"
    rows = landed(lake, columns)
    assert rows == landed(undisturbed, columns)
    assert len(rows) == len({row[0] for row in rows}) > 2_000
    assert set(site.asked) == asked
    assert not [path for path in site.asked if path.startswith("/secret")]


def test_a_full_disk_while_landing_ends_in_one_line_and_resumes(site, tmp_path):
    """A limit on file size makes the write fail for real, as a full disk does."""
    lake = tmp_path / "lake"
    arguments = ("crawl", "--source", "demo", "--base-url", site.url, "--lake", lake)
    done = run_aadhan_on_a_full_disk(600, *arguments, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "make room and run the same command again" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(lake.rglob("*.parquet")) and not list(lake.rglob("*.tmp"))
    assert crawl(site, lake).returncode == 0
    assert len(landed(lake)) > 40


def test_a_strategy_decides_what_is_crawled_and_how_much(tmp_path):
    """The demo has six categories; a weight of 0 closes one, the others share the records."""
    (tmp_path / "aadhan.toml").write_text(
        "[strategies.mine]\nnews = 0.0\nliterature = 2.0\ngovernment = 1.0\nblog = 1.0\n"
        "encyclopedia = 1.0\nconversation = 1.0\n"
    )
    with serve_folder(SITE) as server:
        more = ("--strategy", "mine", "--max-records", "30")
        assert crawl(server, tmp_path / "lake", *more).returncode == 0
        assert not [path for path in server.asked if path.startswith("/seithi/")]
    rows = landed(tmp_path / "lake", "category", "fetch_status = 'ok'")
    counts = Counter(category for (category,) in rows)
    assert counts == {
        "literature": 10,
        "government": 5,
        "blog": 5,
        "encyclopedia": 5,
        "conversation": 5,
    }
