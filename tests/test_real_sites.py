"""The whole path on real sites that nobody here wrote, served on loopback.

The material lies beside the checkout where there is any; without it these tests skip.
"""

import json
import posixpath
from urllib.parse import unquote, urljoin, urlsplit

import duckdb
import pytest
from conftest import REAL, run_aadhan, serve_folder
from selectolax.lexbor import LexborHTMLParser

from warehouse.query import run_query
from warehouse.snapshots import SPLITS, find_snapshot

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.exists(), reason="the real material is not beside the checkout"),
]
SITES = {"projectmadurai": "project_madurai_site", "cybervattam": "cybervattam_site"}


@pytest.fixture(scope="module", params=sorted(SITES))
def real(request, tmp_path_factory):
    """(source, folder, lake) of a real site after crawl and build, with its checks on."""
    source, folder = request.param, REAL / SITES[request.param]
    lake = tmp_path_factory.mktemp(source) / "lake"
    with serve_folder(folder) as server:
        arguments = ("--source", source, "--base-url", server.url, "--lake", lake)
        crawled = run_aadhan("crawl", *arguments, cwd=lake.parent)
    assert crawled.returncode == 0, crawled.stderr
    built = run_aadhan("build", "--name", "real", "--lake", lake, cwd=lake.parent)
    assert built.returncode == 0, built.stderr
    return source, folder, lake


def linked_files(folder, start=("/", "/index.html", "/pmworks.html", "/sitemap.xml")):
    """An independent walk over the links of a site's files: the HTML files one can reach."""
    reached, waiting = set(), list(start)
    while waiting:
        path = waiting.pop()
        file = folder / unquote(path).lstrip("/")
        if file.is_dir():
            file = file / "index.html"
        if file in reached or not file.is_file() or file.suffix not in (".html", ".xml"):
            continue
        reached.add(file)
        tree = LexborHTMLParser(file.read_bytes())
        base = tree.css_first("base[href]")
        origin = urljoin(path, base.attributes["href"]) if base else path
        hrefs = [node.attributes["href"] or "" for node in tree.css("a[href]")]
        if file.suffix == ".xml":
            hrefs = [node.text().strip() for node in tree.css("loc")]
        for href in hrefs:
            target = urlsplit(urljoin(f"http://site{origin}", href.strip()))
            if target.netloc == "site" or target.netloc in OWN_HOSTS:
                waiting.append(posixpath.normpath(target.path or "/"))
    return {file for file in reached if file.suffix == ".html"}


OWN_HOSTS = ("www.projectmadurai.org", "projectmadurai.org", "cybervattam.github.io")


def test_every_linked_page_is_landed(real):
    source, folder, lake = real
    rows = duckdb.sql(
        f"select distinct body_sha256 from read_parquet('{lake}/raw/*/*/*.parquet') "
        "where fetch_status = 'ok'"
    ).fetchall()
    from hashlib import sha256

    landed = {row[0] for row in rows}
    missing = {
        str(file.relative_to(folder))
        for file in linked_files(folder)
        if sha256(file.read_bytes()).hexdigest() not in landed
    }
    assert missing == set()


def test_nothing_is_unexplained_and_most_of_it_is_kept(real):
    source, _, lake = real
    snapshot = find_snapshot(lake, "real")
    assert snapshot.manifest["checks"]["state"] == "passed"
    fates = dict(run_query(snapshot, "select rule, count(*) from fates group by 1")[1])
    assert "unexplained" not in fates
    assert fates["kept"] > (600 if source == "projectmadurai" else 60)


def test_export_loads_and_verifies(real, tmp_path):
    datasets = pytest.importorskip("datasets")
    _, _, lake = real
    done = run_aadhan("export", "real", "--to", tmp_path / "hf", "--lake", lake)
    assert done.returncode == 0, done.stderr
    assert run_aadhan("verify", tmp_path / "hf").returncode == 0
    files = {split: str(tmp_path / "hf" / f"{split}.jsonl") for split in SPLITS}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"))
    assert all(len(loaded[split]) > 0 for split in SPLITS)


def test_a_tiny_model_trains(real, tmp_path):
    _, _, lake = real
    done = run_aadhan(
        *("train", "mlm", "--snapshot", "real", "--lake", lake, "--models", tmp_path),
        *("--tiny", "--block-size", "64", "--max-steps", "30", "--learning-rate", "1e-3"),
        *("--format", "json"),
    )
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert answer["validation_loss"] < answer["validation_before_loss"]
