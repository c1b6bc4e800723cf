import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from ingest import rights

URL = "https://a.example/x/y"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ({"X-Robots-Tag": ["noai"]}, "x-robots-tag: noai"),
        ({"x-robots-tag": ["noindex, NoAI"]}, "x-robots-tag: noai"),
        ({"X-Robots-Tag": ["otherbot: noai"]}, None),
        ({"X-Robots-Tag": ["otherbot: nofollow", "noai"]}, "x-robots-tag: noai"),
        ({"X-Robots-Tag": ["otherbot: nofollow, noai"]}, None),
        ({"X-Robots-Tag": ["aadhan: noai"]}, "x-robots-tag: noai"),
        ({"X-Robots-Tag": ["unavailable_after: 25 Jun 2030 15:00:00 PST, noai"]}, "noai"),
        ({"X-Robots-Tag": ["noimageai", "noindex"]}, None),
        ({"TDM-Reservation": ["1"]}, "tdm-reservation: 1"),
        ({"TDM-Reservation": ["0"]}, None),
        ({}, None),
    ],
)
def test_headers(lines, why):
    found = rights.refusal(rights.header_signals(lines, URL))
    assert found is None if why is None else why in (found or "")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("<meta name='robots' content='index, noai'>", "robots: noai"),
        ("<META NAME=ROBOTS CONTENT=NOAI>", "robots: noai"),
        ("<meta name='aadhan' content='noai'>", "robots: noai"),
        ("<meta name='otherbot' content='noai'>", None),
        ("<meta name='tdm-reservation' content='1'>", "tdm-reservation: 1"),
        ("<meta name='robots' content='noindex, nofollow'>", None),
        ("<meta name='description' content='noai'>", None),
    ],
)
def test_pages(head, why):
    tree = LexborHTMLParser(f"<html><head>{head}</head><body>x</body></html>")
    assert rights.refusal(rights.page_signals(tree, URL)) == why


def test_what_is_recorded_without_being_obeyed():
    tree = LexborHTMLParser("<meta name=robots content='noindex,nofollow'>")
    signals = rights.page_signals(tree, URL)
    assert signals == {"robots": ["noindex", "nofollow"]}
    assert rights.forbids_following(signals) and rights.refusal(signals) is None


@pytest.mark.parametrize(
    ("html", "licence"),
    [
        (
            "<a rel='license' href='https://creativecommons.org/licenses/by-nc-sa/4.0/'>x</a>",
            "CC-BY-NC-SA-4.0",
        ),
        ("<link rel=license href='//creativecommons.org/licenses/by/3.0/'>", "CC-BY-3.0"),
        ("<a rel=license href='http://creativecommons.org/publicdomain/zero/1.0/'>x", "CC0-1.0"),
        ("<a rel='nofollow license' href='/terms'>x</a>", "https://a.example/terms"),
        ("<a href='https://creativecommons.org/licenses/by/4.0/'>the picture</a>", None),
    ],
)
def test_a_page_may_state_its_licence(html, licence):
    signals = rights.page_signals(LexborHTMLParser(html), URL)
    assert rights.licence_of(signals) == licence
    assert signals


def test_a_licence_in_a_link_header():
    lines = {"Link": ['<https://creativecommons.org/licenses/by/4.0/>; rel="license", </x>; rel=y']}
    assert rights.licence_of(rights.header_signals(lines, URL)) == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("robots", "is_reserved"),
    [
        ("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", True),
        ("User-agent: *\nContent-Signal: search=yes,ai-train=yes", False),
        ("User-agent: otherbot\nContent-Signal: ai-train=no", False),
        ("User-agent: otherbot\nUser-agent: aadhan\nContent-Usage: train-ai=n", True),
        ("User-agent: aadhan\nAllow: /\n\nUser-agent: *\nContent-Signal: ai-train=no", False),
        ("# Content-Signal: ai-train=no\nUser-agent: *\nDisallow:", False),
        ("Content-Signal: ai-train=no", False),
        ("", False),
    ],
)
def test_reservations_in_robots_txt(robots, is_reserved):
    assert bool(rights.robots_reservation(robots)) is is_reserved


def test_tdmrep_rules_are_read_in_their_order():
    body = json.dumps(
        [
            {"location": "/free/", "tdm-reservation": 0},
            {"location": "/*.pdf$", "tdm-reservation": 1},
            {"location": "/", "tdm-reservation": 1, "tdm-policy": "https://a.example/p"},
            "junk",
            {"location": 3},
        ]
    ).encode()
    rules = rights.tdm_rules(body)
    assert rights.tdm_reservation(rules, "https://a.example/free/x.pdf") == "0"
    assert rights.tdm_reservation(rules, "https://a.example/x.pdf") == "1"
    assert rights.tdm_reservation(rules, "https://a.example/") == "1"
    assert rights.tdm_reservation(rules[:2], "https://a.example/x") is None
    tamil = rights.tdm_rules('[{"location": "/தமிழ்/", "tdm-reservation": true}]'.encode())
    assert (
        rights.tdm_reservation(
            tamil, "https://a.example/%E0%AE%A4%E0%AE%AE%E0%AE%BF%E0%AE%B4%E0%AF%8D/x"
        )
        == "1"
    )


@given(st.binary(max_size=200))
def test_no_tdmrep_breaks_anything(body):
    rights.tdm_reservation(rights.tdm_rules(body), URL)


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_signal_breaks_anything(robots, value):
    rights.robots_reservation(robots)
    lines = {name: [value] for name in ("X-Robots-Tag", "Link", "TDM-Reservation")}
    signals = rights.header_signals(lines, URL)
    rights.refusal(signals)
    rights.licence_of(signals)
