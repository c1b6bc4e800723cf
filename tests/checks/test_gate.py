"""The gate on real candidates: each corruption is refused for its own reason."""

import shutil

import duckdb
import pytest

from checks.gate import check, load_suite
from ingest.errors import SettingsError


@pytest.fixture
def candidate(demo, tmp_path):
    return shutil.copytree(demo.folder, tmp_path / "candidate")


def corrupt(folder, expression, name="corpus/demo"):
    """Rewrite a file of the candidate as a query over itself."""
    path = folder / f"{name}.parquet"
    table = duckdb.sql(f"select {expression} from read_parquet('{path}')").to_arrow_table()
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def failures(folder):
    found = check(folder)
    failed = [one for one in found["results"] if not one["success"]]
    assert found["failed_count"] == len(failed)
    assert found["state"] == ("failed" if failed else "passed")
    return {one["description"]: one["examples"] for one in failed}


def test_a_sound_candidate_passes(candidate):
    assert failures(candidate) == {}


FIRST = "row_number() over (order by id) = 1"


@pytest.mark.parametrize(
    ("expression", "description"),
    [
        (f"* replace (case when {FIRST} then null else id end as id)", "every id is there"),
        (
            f"* replace (case when {FIRST} then max(id) over () else id end as id)",
            "no id occurs twice",
        ),
        (f"* replace (case when {FIRST} then null else text end as text)", "every row has a text"),
        (
            f"* replace (case when {FIRST} then null else url end as url)",
            "every row has a url or record id",
        ),
        ("* replace ('gossip' as category)", "categories are known ones"),
        ("* replace ('val' as split)", "splits are train, validation and test"),
        ("* replace (1.5 as quality_score)", "quality scores lie between 0 and 1"),
        ("* replace (0.1 as tamil_ratio)", "rows are mostly Tamil"),
        ("* replace (0 as word_count)", "rows have words"),
        ("* exclude (licence)", "the corpus has exactly the columns of the contract"),
        (
            f"* replace (case when {FIRST} then max(text) over () else text end as text)",
            "no text occurs in two rows",
        ),
        (
            "* replace (min(cluster_id) over () as cluster_id)",
            "no duplicate cluster lies in two splits",
        ),
        ("* replace (min(url) over () as url)", "no url lies in two splits"),
        (
            f"* replace (case when {FIRST} then repeat(chr(65533), 90) else text end as text)",
            "no replacement characters beyond one in a hundred",
        ),
    ],
)
def test_each_corruption_is_refused_with_its_reason_and_examples(
    candidate, expression, description
):
    corrupt(candidate, expression)
    found = failures(candidate)
    assert description in found
    if "columns" not in description:
        assert found[description], "example rows are shown"


def test_an_empty_corpus_is_refused(candidate):
    path = candidate / "corpus" / "demo.parquet"
    table = duckdb.sql(f"from read_parquet('{path}')").to_arrow_table().slice(0, 0)
    import pyarrow.parquet as pq

    pq.write_table(table, path)
    assert "the corpus has rows" in failures(candidate)


def test_a_page_without_a_fate_is_refused(candidate):
    corrupt(
        candidate,
        "* replace (case when row_number() over (order by page_id) = 1 then 'unexplained' "
        "else rule end as rule)",
        "fates",
    )
    assert "every landed page ends in the corpus or in a verdict that dropped it" in failures(
        candidate
    )


def test_a_kept_near_duplicate_pair_is_refused(candidate):
    ids = duckdb.sql(
        f"select id from read_parquet('{candidate}/corpus/*.parquet') order by id limit 2"
    ).fetchall()
    corrupt(
        candidate,
        f"* replace ('{ids[0][0]}' as id, '{ids[1][0]}' as other_id)",
        "near_duplicate_pairs",
    )
    assert "no pair of near-duplicates is kept" in failures(candidate)


def test_a_suite_that_asks_for_nothing_known_is_named(tmp_path, candidate):
    suite = tmp_path / "suite.toml"
    suite.write_text('[[check]]\ndescription = "x"\nexpect = "expect_miracles"\n')
    with pytest.raises(SettingsError, match="no expectation 'expect_miracles'"):
        check(candidate, suite)
    suite.write_text("nonsense")
    with pytest.raises(SettingsError):
        load_suite(suite)
