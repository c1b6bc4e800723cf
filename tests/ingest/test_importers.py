import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SITE

from ingest.errors import LakeError, SourceError
from ingest.importers import import_path
from ingest.landing import Lander, write_run_record
from ingest.page import Page


def rows(lake, columns):
    return duckdb.sql(
        f"select {columns} from read_parquet('{lake}/raw/*/*/*.parquet') order by all"
    )


def run(kind, path, lake, **more):
    return import_path(kind, path, lake, source="mine", category="book", **more)


def test_jsonl_keeps_the_text_as_bytes_and_the_rest_as_json(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"id": 7, "text": "அம்மா", "author": "ஒருவர்"}\n\n'
        '{"url": "http://a.example/1", "content": "ஆடு"}\n',
        encoding="utf-8",
    )
    assert run("jsonl", path, tmp_path / "lake") == {"landed": 2}
    found = rows(tmp_path / "lake", "url, body, content_type, record").fetchall()
    assert [row[0] for row in found] == ["http://a.example/1", "mine:7"]
    assert found[1][1].decode() == "அம்மா"
    assert json.loads(found[1][3]) == {"id": 7, "author": "ஒருவர்"}


def test_importing_twice_adds_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "அ"}\n{"text": "ஆ"}\n{"text": "அ"}\n')
    assert run("jsonl", path, tmp_path / "lake") == {"landed": 2, "known": 1}
    assert run("jsonl", path, tmp_path / "lake") == {"known": 3}
    assert len(list((tmp_path / "lake").rglob("*.parquet"))) == 1
    assert len(list((tmp_path / "lake" / "raw" / "source=mine").iterdir())) == 1


def test_broken_lines_are_counted_and_passed_over(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a"}\n{"text": "b\n[1]\n{"title": "c"}\n\xff\xfe\n')
    assert run("jsonl", path, tmp_path / "lake") == {
        "landed": 1,
        "broken lines": 2,
        "lines that are no object": 1,
        "records without text": 1,
    }


def test_gzip_is_read_and_a_cut_one_is_named(tmp_path):
    whole = tmp_path / "a.jsonl.gz"
    whole.write_bytes(gzip.compress(b'{"text": "a"}\n' * 50))
    assert run("jsonl", whole, tmp_path / "lake")["landed"] == 1
    cut = tmp_path / "b.jsonl.gz"
    cut.write_bytes(whole.read_bytes()[:-10])
    with pytest.raises(SourceError, match="is cut or damaged"):
        run("jsonl", cut, tmp_path / "lake")
    body = bytearray(whole.read_bytes())
    body[12:30] = b"\xff" * 18
    cut.write_bytes(body)
    with pytest.raises(SourceError, match="is cut or damaged"):
        run("jsonl", cut, tmp_path / "lake")


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"doc_id": ["x", "y"], "content": ["அ", None], "n": [1, 2]}), path)
    assert run("parquet", path, tmp_path / "lake") == {"landed": 1, "records without text": 1}
    assert rows(tmp_path / "lake", "url, record").fetchall() == [
        ("mine:x", '{"doc_id": "x", "n": 1}')
    ]


def test_parquet_without_a_text_column_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"title": ["x"]}), path)
    with pytest.raises(SourceError, match="no text column: its columns are title"):
        run("parquet", path, tmp_path / "lake")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LakeError, match="not readable Parquet"):
        run("parquet", path, tmp_path / "lake")


def test_html_folder_under_its_public_address(tmp_path):
    counts = run(
        "html", SITE / "kalai", tmp_path / "lake", base_url="http://demo.aadhan.example/kalai"
    )
    assert counts == {"landed": 19}
    urls = [row[0] for row in rows(tmp_path / "lake", "url").fetchall()]
    assert "http://demo.aadhan.example/kalai/nel.html" in urls


@pytest.mark.parametrize("kind", ["jsonl", "html", "parquet"])
def test_an_empty_folder_is_named(tmp_path, kind):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no"):
        run(kind, tmp_path / "empty", tmp_path / "lake")


def urls(lake):
    return [row[0] for row in rows(lake, "canonical_url").fetchall()]


def test_records_of_one_url_stay_records_of_their_own(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [{"id": n, "url": "https://x.example/book", "text": f"உரை {n}"} for n in range(3)]
    lines += [{"url": "https://x.example/other", "text": f"உரை {n}"} for n in range(3)]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    assert run("jsonl", path, tmp_path / "lake") == {"landed": 6}
    assert len(set(urls(tmp_path / "lake"))) == 6
    assert run("jsonl", path, tmp_path / "lake")["known"] == 6


def test_a_record_that_went_back_is_landed_again(tmp_path):
    path = tmp_path / "a.jsonl"
    for text in ("முதல்", "இரண்டாவது", "முதல்"):
        path.write_text(json.dumps({"id": 1, "text": text}))
        counts = run("jsonl", path, tmp_path / "lake")
        assert counts["landed"] == 1
    assert counts["landed as new versions of known records"] == 1


def test_a_crawl_in_between_does_not_make_an_imported_file_new(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<p>பழையது</p>")
    lake, more = tmp_path / "lake", {"base_url": "https://x.example/"}
    assert run("html", tmp_path / "site", lake, **more)["landed"] == 1
    folder = lake / "raw" / "source=mine" / "run=99990101T000000000000"
    lander = Lander(folder)
    page = {"source": "mine", "category": "book", "run_id": "99990101T000000000000"}
    when = datetime(2099, 1, 1, tzinfo=UTC)
    url = "https://x.example/index.html"
    lander.add(Page(url=url, fetched_at=when, body=b"<p>new", content_type="text/html", **page))
    lander.flush()
    write_run_record(folder, {"kind": "crawl", "source": "mine", "finished": True})
    assert run("html", tmp_path / "site", lake, **more) == {"known": 1}


def test_the_text_is_in_the_first_column_that_has_any(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "text": "", "content": "இரண்டாவது"}\n{"id": 2, "text": "முதல்"}')
    assert run("jsonl", path, tmp_path / "lake") == {"landed": 2}


def test_odd_records_are_landed_or_counted(tmp_path):
    path = tmp_path / "a.jsonl"
    odd = [
        '{"id": "\\ud800", "text": "a \\udfff b", "note": "\\ud83d"}',
        '{"url": "http://[bad", "text": "c"}',
        "[" * 100_000,
    ]
    path.write_text("\n".join(odd))
    assert run("jsonl", path, tmp_path / "lake") == {"landed": 2, "broken lines": 1}


def test_odd_file_names_are_addresses_of_their_own(tmp_path):
    folder = tmp_path / "site"
    (folder / "folder.html").mkdir(parents=True)
    for name in (b"a #1.html", b"a #2.html", b"a?b.html", b"\xff.html"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"<p>" + name)
    assert run("html", folder, tmp_path / "lake", base_url="https://x.example/")["landed"] == 4
    assert len(set(urls(tmp_path / "lake"))) == 4


def test_a_record_brings_its_licence_and_a_known_category(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [
        {"id": 1, "text": "a", "category": "news", "license": "CC0-1.0"},
        {"id": 2, "text": "b", "category": "sports"},
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    run("jsonl", path, tmp_path / "lake", licence="MIT")
    found = rows(tmp_path / "lake", "url, category, licence").fetchall()
    assert found == [("mine:1", "news", "CC0-1.0"), ("mine:2", "book", "MIT")]


def test_an_unknown_category_is_refused_at_the_door(aadhan_fails, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a"}')
    more = ("--source", "x", "--category", "poetry", "--lake", tmp_path / "lake")
    assert "known are news, encyclopedia" in aadhan_fails("import", "jsonl", "a.jsonl", *more)
    assert not (tmp_path / "lake").exists()
