"""The crawl against a hostile server: every trick ends in a landed row and a counted verdict."""

import os
from urllib.parse import urljoin

import duckdb
import pytest
from conftest import ROOT, run_aadhan, serve
from hostile import CASES, SITEMAPS, Hostile

from ingest.urls import canonical_url

HOME = "http://hostile.example/"
TABLE = ROOT / "docs" / "hostile.md"
REGISTRY = f"""
[hostile]
home = "{HOME}"
category = "news"
start_urls = ["/"]
sitemaps = {list(SITEMAPS)}
delay_seconds = 0.0
hosts = ["hostile.example", "2130706433", "::ffff:7f00:1", "localhost"]
max_pages = 90
"""
SETTINGS = """
[crawl]
contact = "tests@hostile.example"
delay_seconds = 0.0
max_body_bytes = 1_000_000
timeout_seconds = 3
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """(crawl, rows by canonical url, what was asked for) after a crawl and a build."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "sources.toml").write_text(REGISTRY)
    (folder / "aadhan.toml").write_text(SETTINGS)
    with serve(Hostile) as server:
        base = ("--base-url", server.url)
        crawled = run_aadhan("crawl", "--source", "hostile", *base, cwd=folder, timeout=120)
        asked = dict(server.asked)
    built = run_aadhan("build", "--name", "h", "--unchecked", cwd=folder)
    assert built.returncode == 0, built.stderr
    fates = duckdb.sql(
        "select canonical_url, fetch_status, coalesce(fetch_detail, ''), http_status, "
        "string_agg(distinct rule, ', ' order by rule) "
        f"from read_parquet('{folder}/data/raw/*/*/*.parquet') as pages "
        f"left join '{folder}/data/snapshots/h/fates.parquet' as fates using (page_id) group by all"
    ).fetchall()
    rows = {}
    for url, *rest in fates:
        rows.setdefault(url, []).append(tuple(rest))
    return crawled, rows, asked


@pytest.mark.parametrize("path", CASES)
def test_every_trick_ends_in_one_row_and_one_verdict(hostile, path):
    _, rows, _ = hostile
    case = CASES[path]
    ((status, detail, code, rule),) = rows[canonical_url(urljoin(HOME, path))]
    assert (status, rule) == (case.landed, case.rule), (detail, code)


def test_the_crawl_goes_on_and_says_what_it_left(hostile):
    crawled, rows, asked = hostile
    assert "Traceback" not in crawled.stderr
    assert "urls without end" in crawled.stderr
    assert "beyond max_pages = 90" in crawled.stderr
    assert "redirects after 10 others" in crawled.stderr
    assert "sitemap-html.xml is no sitemap" in crawled.stderr
    assert sum(path.startswith("/hop/") for path in asked) == 11
    assert all(len(found) == 1 for found in rows.values())


def test_what_must_not_be_asked_for_is_not(hostile):
    _, rows, asked = hostile
    for path in asked:
        assert not path.startswith(("/reserved", "/closed"))
    assert asked["/sitemap-self.xml"] == asked["/wait-long"] == asked["/loop"] == 1
    assert sum(asked[path] for path in asked if path.startswith("/session")) == 1
    assert not any("passwd" in url or "root:" in url or "elsewhere" in url for url in rows)


def test_a_robots_txt_that_is_a_page_allows(tmp_path):
    """As RFC 9309 has it: lines that cannot be parsed are passed over."""
    (tmp_path / "sources.toml").write_text(REGISTRY.replace("max_pages = 90", "max_pages = 3"))
    (tmp_path / "aadhan.toml").write_text(SETTINGS)
    with serve(Hostile) as server:
        server.robots = (200, b"<!doctype html><html><body>User-agent: *</body></html>")
        done = run_aadhan("crawl", "--source", "hostile", "--base-url", server.url, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert server.asked["/good"] == 1


def test_the_table_in_the_docs_is_what_happens(hostile):
    """AADHAN_WRITE_DOCS=1 writes it anew."""
    _, rows, _ = hostile
    lines = ["| the server | lands as | in a build | |", "|---|---|---|---|"]
    for path, case in CASES.items():
        ((status, detail, _, rule),) = rows[canonical_url(urljoin(HOME, path))]
        kept = "kept" if rule == "kept" else f"dropped: `{rule}`"
        told = case.limits or (detail if status in ("blocked", "refused") else "")
        lines.append(f"| {case.what} | `{status}` | {kept} | {told} |")
    text = TABLE.read_text(encoding="utf-8")
    head, _, rest = text.partition("<!-- table -->\n")
    _, _, tail = rest.partition("<!-- end -->")
    made = f"{head}<!-- table -->\n" + "\n".join(lines) + f"\n<!-- end -->{tail}"
    if os.environ.get("AADHAN_WRITE_DOCS"):
        TABLE.write_text(made, encoding="utf-8")
    assert made == TABLE.read_text(encoding="utf-8")
