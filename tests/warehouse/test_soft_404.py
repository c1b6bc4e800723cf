"""Pages served with 200 that say they are not there; stories of the same name stay."""

from datetime import UTC, datetime

import pytest

from ingest.landing import Lander
from ingest.page import Page
from warehouse.build import build
from warehouse.query import run_query

PROSE = (
    "கிணற்றடியில் நின்ற வேப்பமரம் காற்றில் அசைந்தது. அம்மா வாசலில் கோலம் போட்டுக்கொண்டிருந்தாள். "
    "பக்கத்து வீட்டுப் பாட்டி தன் பேரனைத் தேடி வந்தாள். அவன் எங்கும் இல்லை. "
)
APOLOGY = "நீங்கள் தேடிய பக்கம் நீக்கப்பட்டிருக்கலாம். முகவரியைச் சரிபார்க்கவும். "
# name: (title, text, http status, verdict or None)
PAGES = {
    "english": ("404 Not Found", "Sorry. " + APOLOGY, 200, "drop"),
    "bare": ("404", "மன்னிக்கவும். முகப்புக்குச் செல்லவும்.", 200, "drop"),
    "sentence": ("The page you are looking for does not exist", APOLOGY, 200, "drop"),
    "tamil": ("பக்கம் காணவில்லை | தினம் ஒரு கதை", "முகப்புக்குச் செல்லவும். " * 3, 200, "drop"),
    "apology": ("மன்னிக்கவும்! நீங்கள் தேடிய பக்கம் கிடைக்கவில்லை", "தேடுங்கள். " * 4, 200, "drop"),
    "weak": ("காணவில்லை", APOLOGY, 200, "drop"),
    "weak site": ("404 – தினம் ஒரு கதை", APOLOGY, 200, "drop"),
    "story": ("காணவில்லை", PROSE, 200, None),
    "poem": ("பக்கம் இல்லை", "நீ என் பக்கம் இல்லை.<br>நிலவும் இல்லை.<br>" * 3, 200, None),
    "news": ("404 பேர் கைது", PROSE, 200, None),
    "novel": ("404 – ஒரு சிறுகதை", PROSE, 200, None),
    "sided": ("அந்தப் பக்கம் இல்லை என்றாலும்", PROSE, 200, None),
    "article": ("404 error என்றால் என்ன?", PROSE, 200, None),
    "fix": ("Page not found பிழையை சரி செய்வது எப்படி", PROSE, 200, None),
    "java": ("File not found exception in Java", PROSE, 200, None),
    "short-story": ("இந்தப் பக்கம் காணவில்லை – சிறுகதை", PROSE, 200, None),
    "verse": ("404", PROSE, 200, None),
    "error-page": ("404 – Page not found | தினம் ஒரு கதை", APOLOGY, 200, "drop"),
    "long": ("Page not found", PROSE * 12, 200, "keep"),
    "imported": ("404 Not Found", APOLOGY, None, None),
}


def page(name, title, text, status):
    body = f"<html><head><title>{title}</title></head><body><p>{text}</p></body></html>"
    return Page(
        url=f"http://{name.replace(' ', '-')}.example/",
        source="web",
        category="news",
        run_id="1",
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        http_status=status,
        content_type="text/html; charset=utf-8",
        body=body.encode(),
    )


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory, settings):
    from warehouse.build import Recipe

    lake = tmp_path_factory.mktemp("soft") / "lake"
    lander = Lander(lake / "raw" / "source=web" / "run=1")
    for name, (title, text, status, _) in PAGES.items():
        lander.add(page(name, title, text, status))
    lander.flush()
    recipe = Recipe("test", "balanced", {}, settings["build"], settings["rules"])
    return build(lake, recipe, gate=None, threads=1)


@pytest.fixture(scope="module")
def fates(snapshot):
    query = (
        "select regexp_extract(url, '//(.*)[.]example', 1), rule "
        "from documents inner join fates using (doc_id)"
    )
    return dict(run_query(snapshot, query)[1])


@pytest.fixture(scope="module")
def verdicts(snapshot):
    query = (
        "select regexp_extract(url, '//(.*)[.]example', 1), verdict, value, threshold, "
        "main_codepoints from documents left join (from verdicts where rule = 'soft_404') "
        "using (doc_id)"
    )
    return {name: rest for name, *rest in run_query(snapshot, query)[1]}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_says_it_is_not_there(verdicts, name):
    verdict, value, threshold, main_codepoints = verdicts[name.replace(" ", "-")]
    assert verdict == PAGES[name][3]
    if verdict:
        assert (value, threshold) == (main_codepoints, 1000)


def test_what_is_not_there_is_not_in_the_corpus(verdicts, fates):
    for name, (_, _, _, verdict) in PAGES.items():
        rule = fates[name.replace(" ", "-")]
        assert (rule == "soft_404") is (verdict == "drop"), (name, rule)
