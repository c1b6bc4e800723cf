import unicodedata
from urllib.parse import urlsplit, urlunsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from w3lib.url import canonicalize_url

from ingest.errors import SettingsError
from ingest.page import SCHEMA, Page, canonical_url, page_id
from ingest.registry import Address, Source, check_slug, load_sources, shares


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.ORG/a?b=2&a=1#part", "http://example.org/a?a=1&b=2"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/கெ\u0bbe", "https://example.org/%E0%AE%95%E0%AF%8A"),
        ("https://example.org/%e0%ae%85", "https://example.org/%E0%AE%85"),
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
    assert {"demo", "projectmadurai", "cybervattam", "tawiki"} <= set(sources)
    assert (
        sources["demo"].category_of("http://demo.aadhan.example/kalai/nel.html") == "encyclopedia"
    )
    wiki = sources["tawiki"]
    assert wiki.follows("https://ta.wikipedia.org/wiki/நெல்")
    assert not wiki.follows("https://ta.wikipedia.org/wiki/பேச்சு:நெல்")
    assert not wiki.follows("https://ta.wikipedia.org/wiki/நெல்?action=edit")
    assert not wiki.follows("https://en.wikipedia.org/wiki/Rice")


def test_http_and_aliases_are_the_same_page():
    madurai = load_sources()["projectmadurai"]
    assert madurai.public("http://projectmadurai.org/x") == "https://www.projectmadurai.org/x"


def test_a_mirror_keeps_public_addresses():
    source = Source(name="s", home="https://a.example/", category="news")
    address = Address(source, "http://127.0.0.1:8000/mirror/")
    assert address.served("https://a.example/x?y=1") == "http://127.0.0.1:8000/mirror/x?y=1"
    assert address.is_loopback and not Address(source).is_loopback


def test_shares_follow_the_weights():
    news = Source(name="n", home="https://n.example/", category="news")
    verse = Source(name="v", home="https://v.example/", category="literature")
    assert shares([news, verse], {"news": 3.0, "literature": 1.0}, 100) == {"n": 75, "v": 25}
    assert shares([news], {}, None) == {"n": None}


@pytest.mark.parametrize("name", ["", "../up", "A", "a/b", "-x", "a" * 70])
def test_names_that_would_not_be_folders_are_refused(name):
    with pytest.raises(SettingsError):
        check_slug(name, "source name")
