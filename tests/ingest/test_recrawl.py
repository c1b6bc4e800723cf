"""Recrawls: what has not changed is not landed anew, what is reserved is used no more."""

import hashlib
import http.server
import json
from pathlib import Path

import duckdb
import pytest
from conftest import REAL, SITE, run_aadhan, serve, serve_folder

real = pytest.mark.skipif(not REAL.exists(), reason="the real material is not beside the checkout")


class Tagged(http.server.SimpleHTTPRequestHandler):
    """Serves `server.folder` with an ETag of each file's bytes; counts answers by status."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked[self.path] += 1
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file() or not self.path.split("?")[0].endswith(("/", path.name)):
            return super().do_GET()
        body = path.read_bytes()
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if known else 200)
        self.send_header("ETag", etag)
        for name, value in getattr(self.server, "more", {}).items():
            self.send_header(name, value)
        if not known:
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def translate_path(self, path):
        self.directory = str(self.server.folder)
        return super().translate_path(path)


@pytest.fixture
def tagged():
    with serve(Tagged) as server:
        server.folder = SITE
        yield server


def crawl(server, lake, source="demo"):
    arguments = ("--source", source, "--base-url", server.url, "--lake", lake, "--format", "json")
    done = run_aadhan("crawl", *arguments, cwd=lake.parent)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    return answer


def build(lake, name, **more):
    done = run_aadhan("build", "--name", name, "--lake", lake, "--format", "json", "--unchecked")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


def landed(lake, columns):
    query = f"select {columns} from read_parquet('{lake}/raw/*/*/*.parquet') order by all"
    return duckdb.sql(query).fetchall()


def test_a_304_lands_as_such_and_the_crawl_goes_on_from_the_old_bytes(tagged, tmp_path):
    first = crawl(tagged, tmp_path / "lake")
    asked = dict(tagged.asked)
    tagged.asked.clear()
    second = crawl(tagged, tmp_path / "lake")
    assert first["ok"] > 100 and second["ok"] == 0
    assert second["not_modified"] == first["ok"]
    assert set(tagged.asked) == set(asked)
    statuses = landed(tmp_path / "lake", "fetch_status, http_status, body is null")
    assert statuses.count(("not_modified", 304, True)) == first["ok"]
    assert build(tmp_path / "lake", "twice")["content_hash"]


def test_equal_bytes_from_another_address_do_not_land_again(tmp_path):
    """Validators go back only to the address they came from; there the hash tells."""
    lake = tmp_path / "lake"
    for expected in ("ok", "not_modified"):
        with serve_folder(SITE) as server:
            answer = crawl(server, lake)
        assert answer[expected] > 100
    assert (
        landed(lake, "count(*) filter (fetch_status = 'not_modified' and http_status = 200)")[0][0]
        == answer["not_modified"]
    )


def test_only_a_changed_page_lands_anew(tagged, tmp_path):
    import shutil

    tagged.folder = tmp_path / "site"
    shutil.copytree(SITE, tagged.folder)
    lake = tmp_path / "lake"
    first = crawl(tagged, lake)
    page = next(tagged.folder.glob("kalai/*.html"))
    page.write_text(page.read_text("utf-8").replace("</body>", "<p>புதிய வரி</p></body>"), "utf-8")
    second = crawl(tagged, lake)
    assert (second["ok"], second["not_modified"]) == (1, first["ok"] - 1)
    third = crawl(tagged, lake)
    assert third["ok"] == 0


def test_a_page_reserved_later_is_used_no_more(tagged, tmp_path):
    lake = tmp_path / "lake"
    crawl(tagged, lake)
    assert build(lake, "before")["rows"] > 50
    tagged.more = {"TDM-Reservation": "1"}
    answer = crawl(tagged, lake)
    assert answer["ok"] == answer["not_modified"] == 0 and answer["refused"] > 0
    tagged.more = {}
    done = run_aadhan("sql", "select 1", "--at", "before", "--lake", lake)
    assert done.returncode == 0
    after = build(lake, "after")
    fates = duckdb.sql(
        f"select rule, count(*) from '{lake}/snapshots/after/fates.parquet' group by 1"
    ).fetchall()
    assert dict(fates)["withdrawn"] > 100 and after["rows"] == 0


@pytest.mark.real
@pytest.mark.slow
@real
def test_three_builds_of_a_site_land_only_what_changed(tagged, tmp_path):
    """The site's three builds in turn at one address, by their ETags."""
    lake, landed_bodies, urls = tmp_path / "lake", set(), 0
    for folder in ("_2025_05_23", "_2025_05_27", ""):
        tagged.folder = REAL / f"cybervattam_site{folder}"
        answer = crawl(tagged, lake, "cybervattam")
        new = duckdb.sql(
            "select canonical_url, body_sha256 "
            f"from read_parquet('{answer['landed_in']}/*.parquet') "
            "where fetch_status = 'ok'"
        ).fetchall()
        assert len(new) == answer["ok"] and not landed_bodies.intersection(new)
        landed_bodies.update(new)
        if urls:
            assert answer["not_modified"] > 0
        urls = answer["ok"] + answer["not_modified"]
    assert urls == 200
