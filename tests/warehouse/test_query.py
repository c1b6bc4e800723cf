"""SQL on a snapshot: everything of it can be read, nothing else, and nothing changed."""

import pytest

from ingest.errors import QueryError
from warehouse.query import RELATIONS, run_query


def test_all_relations_are_there(demo):
    for relation in RELATIONS:
        run_query(demo, f"select count(*) from {relation}")


def test_macros_are_there(demo):
    assert run_query(demo, "select tamil_normalise('அவா்கள்') as text") == (["text"], [("அவர்கள்",)])


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/hosts')",
        "select * from glob('/*')",
        "copy corpus to 'out.parquet'",
        "create table x as select 1",
        "drop view corpus",
        "insert into corpus select * from corpus",
        "attach 'x.db'",
        "set enable_external_access = true",
        "install httpfs",
        "pragma version",
        "select 1; select 2",
        "",
        "select nosuch from corpus",
        "selec",
    ],
)
def test_what_is_no_reading_of_the_snapshot_is_refused(demo, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError):
        run_query(demo, query)
    assert not list(tmp_path.iterdir())


def test_other_files_of_the_lake_are_out_of_reach(demo, demo_lake):
    with pytest.raises(QueryError, match="reads its relations only"):
        run_query(demo, f"from read_parquet('{demo_lake}/raw/*/*/*.parquet')")
