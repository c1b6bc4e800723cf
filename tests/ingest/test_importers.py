import gzip
import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SITE

from ingest.errors import LakeError, SourceError
from ingest.importers import import_path


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
    with pytest.raises(SourceError, match="ends in the middle"):
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
