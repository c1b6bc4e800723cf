"""Every trouble planted in the demo site ends in the verdict its README says."""

import re

import pytest
from conftest import ROOT

from warehouse.query import run_query

README = ROOT / "data" / "demo" / "README.md"
ROW = re.compile(r"^\| `(/\S*)` \| .* \| (\w+) \| (\w+) \| (\w+) \|$", re.MULTILINE)
TROUBLES = ROW.findall(README.read_text(encoding="utf-8"))


def test_the_readme_lists_the_troubles_asked_for():
    assert len(TROUBLES) >= 12


@pytest.mark.parametrize(("page", "stage", "rule", "verdict"), TROUBLES)
def test_a_planted_trouble_ends_in_its_verdict(demo, raw_urls, page, stage, rule, verdict):
    doc_id = raw_urls[f"http://demo.aadhan.example{page}"]
    given = run_query(
        demo,
        f"select verdict from verdicts where stage = '{stage}' and rule = '{rule}' "
        f"and doc_id = '{doc_id}'",
    )[1]
    assert given == [(verdict,)]
    kept = run_query(demo, f"select count(*) from corpus where doc_id = '{doc_id}'")[1]
    assert kept == [(1 if verdict == "flag" else 0,)]
    fates = run_query(demo, f"select rule from fates where doc_id = '{doc_id}'")[1]
    assert fates == [("kept" if verdict == "flag" else rule,)]


@pytest.fixture(scope="module")
def raw_urls(demo_lake):
    """doc_id of each landed url."""
    import duckdb

    query = (
        "select url, substring(sha256(concat(source, chr(10), canonical_url)), 1, 32) "
        f"from read_parquet('{demo_lake}/raw/*/*/*.parquet')"
    )
    return dict(duckdb.sql(query).fetchall())


def test_good_pages_are_kept(demo):
    """All pages but the planted ones are in the corpus; the site has 80 or more of them."""
    assert demo.manifest["rows"] >= 95


def test_the_repaired_pages_read_as_they_were_written(demo):
    texts = {
        url.rsplit("/", 1)[-1]: text
        for url, text in run_query(demo, "select url, text from corpus")[1]
    }
    assert "அவள் மெல்லச் சிரித்தாள்" in texts["pazhaya-kaditham.html"]
    assert "கௌரி கதவைச் சாத்திக்கொண்டு உள்ளே போனாள்" in texts["mazhai-iravu.html"]
    assert "பார்வை ஒன்றில் கண்ட மனுவில்" in texts["patta-correction.html"]
    assert texts["thoondil-kadai.html"].endswith("குஞ்சு மீன் சிக்கினால் திரு")
    assert "\ufffd" not in "".join(texts.values())


def test_menus_and_template_are_left_out(demo):
    texts = "\n".join(text for (text,) in run_query(demo, "select text from corpus")[1])
    for furniture in ("பொருளடக்கம்", "தொடர்புடைய செய்திகள்", "கருத்துகள்\n", "கடைசியாக 20"):
        assert furniture not in texts
