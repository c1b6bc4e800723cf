import unicodedata
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from w3lib.url import canonicalize_url

from ingest.errors import SettingsError
from ingest.page import SCHEMA, Page, canonical_url, page_id
from ingest.quotas import Quota, apportion, quotas
from ingest.registry import Address, Source, check_slug, load_sources
from ingest.urls import is_trap


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.ORG/a?b=2&a=1#part", "http://example.org/a?a=1&b=2"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/கெ\u0bbe", "https://example.org/%E0%AE%95%E0%AF%8A"),
        ("https://example.org/%e0%ae%85", "https://example.org/%E0%AE%85"),
        (
            "https://example.org/%E0%AE%95%E0%AF%86%E0%AE%BE",
            "https://example.org/%E0%AE%95%E0%AF%8A",
        ),
        ("https://example.org/a%2Fb%20c", "https://example.org/a%2Fb%20c"),
        ("https://example.org/%ff%00", "https://example.org/%FF%00"),
        ("https://example.org/a?utm_source=x&id=1&fbclid=y", "https://example.org/a?id=1"),
        ("https://example.org/a;jsessionid=1F?b", "https://example.org/a?b="),
        ("https://example.org/n.php?sid=12&PHPSESSID=a", "https://example.org/n.php?sid=12"),
        ("mycorpus:17", "mycorpus:17"),
    ],
)
def test_canonical_urls(url, canonical):
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


PATHS = st.lists(
    st.sampled_from(["a", "B", "7", ".", "..", "%E0%AE", "%41", "~", "_", "-", "/", "+"])
)


@given(st.sampled_from(["a.ta", "A.ta", "1.2.3.4", "a--b.ta", "a.ta:80"]), PATHS)
def test_addresses_that_are_canonical_as_they_stand_are_left_alone_rightly(host, path):
    url = f"https://{host}/{''.join(path)}"
    parts = urlsplit(canonicalize_url(unicodedata.normalize("NFC", url)))
    assert canonical_url(url) == urlunsplit(parts._replace(path=parts.path or "/"))


def test_a_page_becomes_a_row_of_the_contract():
    import datetime

    page = Page(
        url="http://a.example/x#y",
        source="s",
        category="news",
        run_id="r",
        fetched_at=datetime.datetime.now(datetime.UTC),
        body=b"abc",
    )
    row = page.row()
    assert set(row) == set(SCHEMA.names)
    assert row["canonical_url"] == "http://a.example/x"
    assert row["page_id"] == page_id("s", "http://a.example/x", row["body_sha256"])


def test_the_registry_has_the_sources_asked_for():
    sources = load_sources()
    assert {"demo", "projectmadurai", "cybervattam", "tawiki", "tngov"} <= set(sources)
    assert (
        sources["demo"].category_of("http://demo.aadhan.example/kalai/nel.html") == "encyclopedia"
    )
    state = sources["tngov"]
    assert state.follows("https://www.tn.gov.in/ta/ஆவணங்கள்")
    assert not state.follows("https://www.tn.gov.in/en/documents")
    assert not state.follows("https://elsewhere.example/ta/")


def test_http_and_aliases_are_the_same_page():
    madurai = load_sources()["projectmadurai"]
    assert madurai.public("http://projectmadurai.org/x") == "https://www.projectmadurai.org/x"


def test_a_mirror_keeps_public_addresses():
    source = Source(name="s", home="https://a.example/", category="news")
    address = Address(source, "http://127.0.0.1:8000/mirror/")
    assert address.served("https://a.example/x?y=1") == "http://127.0.0.1:8000/mirror/x?y=1"
    assert address.is_loopback and not Address(source).is_loopback


def source(name, category, **more):
    return Source(name=name, home=f"https://{name}.example/", category=category, **more)


def test_a_strategy_shares_records_among_categories_and_their_sources():
    news, verse = source("n", "news"), source("v", "literature")
    weights = {"news": 3.0, "literature": 1.0}
    parts = quotas([news, verse], weights, 100)
    assert parts == {
        "n": Quota(by_category={"news": 75}),
        "v": Quota(by_category={"literature": 25}),
    }
    both = source("b", "news", categories={"/verse/": "literature"})
    parts = quotas([news, both], weights, 100)
    assert parts["b"].by_category == {"literature": 25, "news": 38}
    assert parts["n"].by_category == {"news": 37}


def test_a_category_without_weight_is_not_crawled():
    parts = quotas([source("n", "news"), source("v", "literature")], {"literature": 0.0}, None)
    assert set(parts) == {"n"} and not parts["n"].is_full("news")


def test_without_a_strategy_sources_share_evenly_or_are_not_bounded():
    news, verse = source("n", "news"), source("v", "literature")
    assert quotas([news, verse], {}, 5) == {"n": Quota(total=3), "v": Quota(total=2)}
    assert quotas([news], {}, None) == {"n": Quota()}


@given(
    st.integers(0, 10**6),
    st.dictionaries(st.text(max_size=3), st.floats(0.1, 9.0), min_size=1, max_size=9),
)
def test_parts_add_up_to_the_total(total, weights):
    parts = apportion(total, weights)
    assert sum(parts.values()) == total
    whole = sum(weights.values())
    assert all(abs(parts[key] - total * weights[key] / whole) < 1.001 for key in weights)


def test_a_quota_counts_by_category():
    quota = Quota(by_category={"news": 1})
    assert quota.is_full("blog") and not quota.is_full("news")
    quota.take("news")
    assert quota.is_full("news")


@pytest.mark.parametrize("name", ["", "../up", "A", "a/b", "-x", "a" * 70])
def test_names_that_would_not_be_folders_are_refused(name):
    with pytest.raises(SettingsError):
        check_slug(name, "source name")


@given(st.text(max_size=40), st.text(max_size=20))
def test_canonical_urls_stay_as_they_are(path, query):
    try:
        once = canonical_url(f"https://example.org/{path}?{query}")
    except ValueError:
        return
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/" + "x" * 2_000,
        "https://a.example/" + "/".join(map(str, range(40))),
        "https://a.example/x/y/x/y/x/y/x/y",
    ],
)
def test_endless_urls_are_told(url):
    assert is_trap(url)
    assert not is_trap("https://a.example/2024/01/01/01/பக்கம்?a=" + "b" * 500)
