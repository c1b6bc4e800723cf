"""Wikitext to blocks: prose and verse stay, machinery goes, hostile pages cost their size."""

import json
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.blocks import page_blocks
from warehouse.tamil import normalise
from warehouse.wikibalance import balanced
from warehouse.wikitext import MAX_CODEPOINTS, read_wikitext

ARTICLE = """{{Infobox writer
| name = நெல்லை வளவன்
| birth_date = {{birth date|1921|3|4}}
| image = [[படிமம்:x.jpg|thumb|தகவல்பெட்டிப் படம்]]
}}
[[படிமம்:valavan.jpg|thumb|வளவன் [[சென்னை]]யில் நிற்கும் படம்]]
<!-- ஆசிரியர்
குறிப்பு -->'''நெல்லை வளவன்''' (''{{lang-en|Valavan}}'', {{IPA|x}}) ஒரு [[தமிழ்|தமிழ்]] [[எழுத்தாளர்]].<ref
name="a">{{cite book|title=மேற்கோள் நூல்}}</ref> இவர்
[[நெல்லை மாவட்டம்|நெல்லையில்]] பிறந்தார்.<ref name="a" />

== வாழ்க்கை == <!-- பிரிவு -->
அவர் [http://example.org இதழில்] எழுதினார். மேலும் http://bare.example காண்க.

{| class="wikitable"
|-
! ஆண்டு !! நூல்
|-
| 1950 || [[அட்டவணை உரை]]
{| class="inner"
| உள் அட்டவணை
|}
|}

=== நூல்கள் ===
* [[மழைக்காலம் (நூல்)|மழைக்காலம்]]
** ''வெயில்'' - 1956இல் வந்த சிறுகதைத் தொகுதி
; சொல்: பொருள்

== விருதுகள் ==
{{Award table}}

== மேற்கோள்கள் ==
{{Reflist}}
<references />

== வெளி இணைப்புகள் ==
* [http://a.example வளவன் பக்கம்]
* தளம்

__NOTOC__ __உள்ளடக்கம்_இல்லை__ {{#if: a | நிபந்தனை }} {{{1|இயல்பு}}} {{PAGENAME}}
<gallery>
படிமம்:a.jpg|காட்சியகம்
</gallery>
[[பகுப்பு:தமிழ் எழுத்தாளர்கள்]]
[[en:Nellai Valavan]]
"""

VERSE = """<noinclude><pagequality level="3" user="A" />{{rh|12|கம்பன் கவி|}}</noinclude>
{{center|{{larger|'''காடு காண் படலம்'''}}}}
{{c|{{x-larger|இரண்டாம் பகுதி}}}}

<poem>
முதல் வரி இங்கே
:இரண்டாம் வரி உள்ளே <ref>உரை</ref>

அடுத்த பாடல்
</poem>
உரைநடை {{hws|தொடர்|தொடர்ச்சி}}
அதன் பின்.<br>புது வரி<br />மூன்றாம் வரி
::உள் வரி
::{{fs|120%|பெரிது}} {{sc|அ = ஆ}}
{{block center|<poem>
நிலவு வந்தது
இரவு சென்றது</poem>}}
"""


def read(text, **page):
    row = {"page_id": "p", "content_type": "text/x-wiki", "body": text.encode()} | page
    return page_blocks(pa.RecordBatch.from_pylist([row])).to_pylist()[0]


def blocks(text):
    return [(block["text"], block["path"]) for block in read(text)["blocks"]]


def test_an_article_leaves_its_prose():
    assert blocks(ARTICLE) == [
        ("நெல்லை வளவன் (Valavan) ஒரு தமிழ் எழுத்தாளர். இவர் நெல்லையில் பிறந்தார்.", "wiki>p"),
        ("வாழ்க்கை", "wiki>h2"),
        ("அவர் இதழில் எழுதினார். மேலும் காண்க.", "wiki>p"),
        ("நூல்கள்", "wiki>h3"),
        ("மழைக்காலம்\nவெயில் - 1956இல் வந்த சிறுகதைத் தொகுதி\nசொல்: பொருள்", "wiki>ul"),
        ("விருதுகள்", "wiki>section.empty>h2"),
        ("மேற்கோள்கள்", "wiki>section.empty>h2"),
        ("வெளி இணைப்புகள்", "wiki>section.references>h2"),
        ("வளவன் பக்கம்\nதளம்", "wiki>section.references>ul"),
    ]


def test_verse_keeps_its_lines_and_dressed_text_its_letters():
    assert blocks(VERSE) == [
        ("காடு காண் படலம்\nஇரண்டாம் பகுதி", "wiki>p"),
        ("முதல் வரி இங்கே\nஇரண்டாம் வரி உள்ளே\n\nஅடுத்த பாடல்", "wiki>p"),
        ("உரைநடை தொடர்ச்சி அதன் பின்.\nபுது வரி\nமூன்றாம் வரி", "wiki>p"),
        ("உள் வரி\nபெரிது அ = ஆ", "wiki>ul"),
        ("நிலவு வந்தது\nஇரவு சென்றது", "wiki>p"),
    ]


def test_what_nowiki_and_entities_say_is_text():
    assert blocks("<nowiki>[[அ]] {{ஆ}}</nowiki> 1 &lt; 2 &#2949; <அ> 3 < 4 &#xD800;") == [
        ("[[அ]] {{ஆ}} 1 < 2 அ <அ> 3 < 4 \ufffd", "wiki>p")
    ]


def test_links_count_and_shown_prefixes_are_text():
    row = read("[[:பகுப்பு:கவிஞர்கள்]] [[w:விக்கி|விக்கி]] [[சென்னை|]] மற்றும் [[#பகுதி|கீழே]]")
    (block,) = row["blocks"]
    assert block["text"] == "பகுப்பு:கவிஞர்கள் விக்கி சென்னை மற்றும் கீழே"
    assert block["link_codepoints"] == len(block["text"]) - len("   மற்றும் ")


def test_a_page_of_quotations_is_not_taken_for_references():
    text = "== மேற்கோள்கள் ==\n* கல்வி கரையில; கற்பவர் நாள் சில.\n"
    assert [path for _, path in blocks(text)] == ["wiki>h2", "wiki>ul"]
    linked = "== மேற்கோள்கள் ==\n* [http://a.example ஒரு நூல்]\n"
    assert {path.split(">")[1] for _, path in blocks(linked)} == {"section.references"}


@pytest.mark.parametrize(
    "title", ["வெளி இணைப்புகள்", "உசாத்துணை", "மேலும்  பார்க்க:", "இவற்றையும் பார்க்க", "See also"]
)
def test_sections_of_links_stand_apart_until_the_next_of_their_level(title):
    text = f"== அ ==\nஉரை\n=={title}==\n* நூல்\n=== உள் ===\n* தளம்\n== ஆ ==\nமுடிவு"
    assert [path.count("section.references") for _, path in blocks(text)] == [
        0,
        0,
        1,
        1,
        1,
        1,
        0,
        0,
    ]


@pytest.mark.parametrize("text", ["#REDIRECT [[அ]]", "\n#வழிமாற்று [[அ]]", "#redirect: [[அ]]"])
def test_a_redirect_is_told(text):
    row = read(text)
    assert (row["unread_reason"], row["encoding"], row["blocks"]) == ("a redirect", None, [])


def test_unclosed_marks_lose_no_prose():
    text = "{{Infobox\n| அ = ஆ\n\nமுதல் பத்தி [[இணைப்பு\n\nஇரண்டாம் <ref>பத்தி\n{|\n| கட்டம்\nமுடிவு"
    assert blocks(text) == [
        ("Infobox", "wiki>p"),
        ("முதல் பத்தி இணைப்பு", "wiki>p"),
        ("இரண்டாம் பத்தி", "wiki>p"),
        ("முடிவு", "wiki>p"),
    ]


def test_nul_and_control_characters_neither_split_nor_lose_a_word():
    assert blocks("த\0மி\x01ழ் [[இ\0ணைப்பு|சொ\x06\0ல்]]\n== த\0லை ==\nஉரை") == [
        ("தமிழ் சொல்", "wiki>p"),
        ("தலை", "wiki>h2"),
        ("உரை", "wiki>p"),
    ]


def test_a_record_speaks_for_its_page():
    record = json.dumps({"title": "நெல்லை வளவன்", "timestamp": "2024-05-06T07:08:09Z"})
    row = read("உரை", record=record)
    assert (row["title"], row["published_at"], row["extractor"]) == (
        "நெல்லை வளவன்",
        "2024-05-06",
        "wikitext",
    )


def test_a_page_beyond_the_limit_is_cut_and_flagged():
    row = read("சொல் " * (MAX_CODEPOINTS // 5 + 1))
    assert row["is_truncated"]
    assert sum(len(block["text"]) + 1 for block in row["blocks"]) <= MAX_CODEPOINTS + 1


HOSTILE = [
    *("{", "[", "<", "'", "=", "*\n", "{{a|b=\n", "[[a|", "{{{a|", "<ref>a", "<ref name=a "),
    *('<div a="', "<!--", "<nowiki>", "[http://a ", "{|\n|-\n|a\n", "<b>", "''a '''b ", "<td>"),
    *(":{{{\n|}}-->|{|\n----", "*<td>{|<ref></div>!!", "\n----b\n==[</poem>*<poem>\n!>"),
    *("{{a|[[b|''c]]}}\n", "{[[{[[", "{{center|[[a|<b>", "}}", "]]", "&", "= a =\n"),
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_marks_cost_linear_time(unit):
    """mwparserfromhell alone takes minutes for some of these; here a second or two."""
    started = time.process_time()
    list(read_wikitext((unit * 200_000)[:200_000]))
    assert time.process_time() - started < 30


MARKS = st.sampled_from(
    "{{ }} {{{ }}} [[ ]] [ ] [http://a {| |} \n \n\n \n|- || | == \n== * \n* \n: <ref> </ref> <br> "
    "<poem> </poem> <nowiki> </nowiki> <!-- --> '' ''' &amp; &#0; அ தமிழ் {{center|".split(" ")
)


@given(st.lists(MARKS, max_size=60).map("".join) | st.text(max_size=80))
def test_any_text_is_survived_and_comes_out_normal(text):
    for block in read(text.encode("utf-8", "replace").decode())["blocks"]:
        assert normalise(block["text"]).text == block["text"]


@given(st.lists(MARKS, max_size=60).map("".join))
def test_balanced_text_is_balanced(text):
    pieces = list(balanced(text, lambda kind, head: True))
    assert "".join(pieces).count("{{") == "".join(pieces).count("}}")
    assert [piece for again in pieces for piece in balanced(again, lambda kind, head: True)]


WORDS = st.lists(st.sampled_from("அம்மா வாசலில் கோலம் போட்டாள் மழை பெய்தது . ,".split()), min_size=1)


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=8))
def test_plain_paragraphs_lose_no_letter(paragraphs):
    texts = [text for text, path in blocks("\n\n".join(paragraphs)) if path == "wiki>p"]
    assert "".join(texts).split() == "".join(normalise(one).text for one in paragraphs).split()
