"""Markdown to blocks: lines stay lines, code and front matter stand apart."""

import json

import pyarrow as pa
import pytest
from conftest import REAL
from hypothesis import given
from hypothesis import strategies as st

from warehouse.blocks import page_blocks
from warehouse.tamil import normalise, words


def read(text, **page):
    row = {"page_id": "p", "content_type": "text/markdown", "body": text.encode()} | page
    return page_blocks(pa.RecordBatch.from_pylist([row])).to_pylist()[0]


def blocks(text):
    return [(block["text"], block["path"]) for block in read(text)["blocks"]]


def test_a_page_of_markdown():
    text = """---
title: "மழை"
date: 2024-05-06
---
# மழை

அவள் **மெல்ல** _சிரித்தாள்_; [கடிதம்](http://a.example) வந்தது. ![மழைப் படம்](a.png)
இரண்டாவது வரி  
மூன்றாவது வரி

* ஒன்று
* இரண்டு

> மேற்கோள்

| அ | ஆ |
|---|---|
| இ | ஈ |

முடிவு ~~அழிந்தது~~.
"""
    assert blocks(text) == [
        ("மழை", "markdown>h1"),
        (
            "அவள் மெல்ல சிரித்தாள்; கடிதம் வந்தது.\nஇரண்டாவது வரி\nமூன்றாவது வரி",
            "markdown>p",
        ),
        ("ஒன்று", "markdown>ul>li"),
        ("இரண்டு", "markdown>ul>li"),
        ("மேற்கோள்", "markdown>blockquote>p"),
        ("அ", "markdown>table>thead>tr>th"),
        ("ஆ", "markdown>table>thead>tr>th"),
        ("இ", "markdown>table>tbody>tr>td"),
        ("ஈ", "markdown>table>tbody>tr>td"),
        ("முடிவு அழிந்தது.", "markdown>p"),
    ]
    assert read("[இணைப்பு](http://a) உரை")["blocks"][0]["link_codepoints"] == len("இணைப்பு")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("---\ntitle: அ\n---\nஉரை", "உரை"),
        ("\ufeff---\r\ntitle: அ\r\n---\r\nஉரை", "உரை"),
        ("+++\ntitle = 'அ'\n+++\nஉரை", "உரை"),
        ("---\n---\nஉரை", "உரை"),
        ("---\nஇது தலைப்பு இல்லை.\n\n---\nஉரை", "இது தலைப்பு இல்லை.|உரை"),
        ("---\ntitle: முடிவில்லை", "title: முடிவில்லை"),
    ],
)
def test_front_matter_goes_and_a_rule_between_texts_stays(text, left):
    assert "|".join(text for text, _ in blocks(text)) == left


def test_code_stands_apart_and_verse_between_fences_does_not():
    text = (
        "```python\nprint(1)\n```\n\n```\nநிலவு வந்தது\n  இரவு சென்றது\n```\n\n"
        "    git pull\n\nஉரை\n\n    மழை பெய்தது\n    குளிர் வந்தது\n\n"
        "`tldr ls`\n\n`ls` என்பது ஒரு கட்டளை."
    )
    assert blocks(text) == [
        ("print(1)", "markdown>pre.code"),
        ("நிலவு வந்தது\nஇரவு சென்றது", "markdown>pre"),
        ("git pull", "markdown>pre.code"),
        ("உரை", "markdown>p"),
        ("மழை பெய்தது\nகுளிர் வந்தது", "markdown>pre"),
        ("tldr ls", "markdown>p.code"),
        ("ls என்பது ஒரு கட்டளை.", "markdown>p"),
    ]


def test_shortcodes_and_notes_go():
    text = (
        "{{< youtube id >}}உரை[^1] {{% notice %}}உள்ளே{{% /notice %}} "
        "{% include a %}முடிவு{: .b}\n\n"
        "[^1]: அடிக்குறிப்பு நீளமானது\n\n{{< highlight sh >}}\nls -l\n{{< /highlight >}}\n"
    )
    assert blocks(text) == [
        ("உரை உள்ளே முடிவு", "markdown>p"),
        ("அடிக்குறிப்பு நீளமானது", "markdown>p.footnote"),
        ("ls -l", "markdown>pre.code"),
    ]


def test_html_inside_goes_the_way_of_html():
    text = (
        'ஒன்று <br/>\nஇரண்டு <span class="x">மூன்று</span>\n\n'
        '<div class="poem9">நான்கு</div><script>x()</script>'
    )
    assert blocks(text) == [
        ("ஒன்று\nஇரண்டு மூன்று", "markdown>p"),
        ("நான்கு", "markdown>div.poem"),
    ]


def test_a_record_speaks_for_its_page():
    row = read("# தலை", record=json.dumps({"title": "அ", "author": "ஆ", "date": "2010-02-19"}))
    assert (row["title"], row["author"], row["published_at"]) == ("அ", "ஆ", "2010-02-19")
    html = page_blocks(
        pa.RecordBatch.from_pylist(
            [
                {
                    "page_id": "p",
                    "content_type": "text/html",
                    "body": "<title>கோப்பு</title><meta name=author content='ஆசிரியர்'>".encode(),
                    "record": json.dumps({"title": "பட்டியல்"}),
                }
            ]
        )
    ).to_pylist()[0]
    assert (html["title"], html["author"]) == ("பட்டியல்", "ஆசிரியர்")


def test_nul_neither_splits_nor_loses_a_word():
    assert blocks("த\0மிழ் **உ\0ரை**") == [("தமிழ் உரை", "markdown>p")]
    html = {"content_type": "text/html"}
    assert read("<p title='அ\0ஆ'>த\0மி<b>ழ்\0</b></p>", **html)["blocks"][0]["text"] == "தமிழ்"


@pytest.mark.parametrize("unit", ["[", "![", "*", "`a", "> ", "- ", "<a ", "[a](", "|a", "~~a"])
def test_hostile_marks_are_survived(unit):
    read(unit * 5000)


MARKS = st.sampled_from(
    "``` ` * ** _ # \n \n\n - > | --- +++ [ ] ( ) ![ <b> </b> <script> <!-- &amp; {{< "
    ">}} \t அ தமிழ் \\ [^1] [^1]: <title> 1.".split(" ")
)


@given(st.lists(MARKS, max_size=60).map("".join) | st.text(max_size=80))
def test_any_text_is_survived_and_comes_out_normal(text):
    for block in read(text.encode("utf-8", "replace").decode())["blocks"]:
        assert normalise(block["text"]).text == block["text"]


WORDS = st.lists(st.sampled_from("அம்மா வாசலில் கோலம் போட்டாள் மழை பெய்தது .".split()), min_size=1)


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=8))
def test_plain_paragraphs_lose_no_letter(paragraphs):
    assert words("\n".join(text for text, _ in blocks("\n\n".join(paragraphs)))) == words(
        "\n".join(paragraphs)
    )


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="the real material is not beside the checkout")
def test_real_posts_keep_every_tamil_word_of_their_paragraphs():
    """Words of lines that hold no markup at all, of every third post of a real blog."""
    for path in sorted((REAL / "premkumar_blog" / "tamil").rglob("_posts/*.md"))[::3]:
        body = path.read_text("utf-8").partition("\n---\n")[2]
        plain = [line for line in body.splitlines() if not set(line) & set("`*_[]<>#|{}!&~\\")]
        kept = set(words("\n".join(text for text, _ in blocks(path.read_text("utf-8")))))
        assert set(words(normalise("\n".join(plain)).text)) <= kept, path
