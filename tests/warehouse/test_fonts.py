"""Text that is Tamil only in its font: converted where hinted and plausible, else left and told."""

import difflib

import pytest
from glyphs import to_glyphs
from hypothesis import given
from hypothesis import strategies as st

from warehouse import charts, tamil
from warehouse.blocks import _page_row
from warehouse.decode import decode, decode_html, decode_text
from warehouse.fonts import font_of

VERSE = "அகர முதல எழுத்தெல்லாம் ஆதி பகவன் முதற்றே உலகு. கற்றதனால் ஆய பயனென்கொல் வாலறிவன்"
EIGHT_BIT = ["tab", "tam", "tscii", "bamini"]
FACES = {"tab": "TAB-Anna", "tam": "TAMu_Kadambri", "tscii": "TSC_Avarangal", "bamini": "Bamini"}
CONSONANTS = "கஙசஞடணதநபமயரலவழளறனஜஷஸஹ"
SYLLABLES = st.builds(str.__add__, st.sampled_from(CONSONANTS), st.sampled_from(["", *"்ாிீுூெேைொோௌ"]))


def read(html, content_type="text/html"):
    body = html if isinstance(html, bytes) else html.encode()
    decoded, tree = decode_html(body, content_type)
    return decoded, " ".join(tree.body.text(separator=" ").split())


@pytest.mark.parametrize("encoding", [*EIGHT_BIT, "tace16"])
@given(st.lists(st.lists(SYLLABLES, min_size=1, max_size=6).map("".join), max_size=20))
def test_every_syllable_survives_every_chart(encoding, words):
    text = " ".join(words)
    # Where au is drawn as e and ள, a ள after e cannot be told from it.
    ambiguous = encoding in ("tab", "tam", "bamini")
    if ambiguous:
        text = text.replace("ௌ", "ை").replace("ெள", "ெல")
    if encoding == "bamini":
        # ர is drawn as the sign of aa there; ங and grantha have no long u.
        text = text.replace("ஙூ", "ஙு").replace("ஙு", "ங").replace("ஞூ", "ஞு").replace("ஞு", "ஞ")
    assert charts.to_unicode(to_glyphs(text, encoding), encoding) == text


@pytest.mark.parametrize("encoding", EIGHT_BIT)
@pytest.mark.parametrize("is_utf8", [True, False], ids=["utf-8", "bytes"])
@pytest.mark.parametrize(
    "template",
    [
        "<p>English here<p><font face='{face}, Arial'>{text}</font><p>and here",
        "<p>English here<p style='font: bold 12pt {face}'>{text}<p>and here",
        "<style>p.t, #x {{font-family: '{face}'}}</style>"
        "<p>English here<p class=t>{text}<p>and here",
    ],
    ids=["face", "style", "sheet"],
)
def test_only_text_in_the_font_is_converted(encoding, is_utf8, template):
    glyphs = to_glyphs(VERSE, encoding).replace("&", "&amp;").replace("<", "&lt;")
    html = template.format(face=FACES[encoding], text=glyphs)
    body = html.encode() if is_utf8 else charts.to_bytes(html)
    decoded, text = read(body)
    assert text == f"English here {VERSE} and here"
    assert decoded.encoding == encoding and "unread" not in decoded.evidence
    told = "tscii score within utf-8" if encoding == "tscii" else f"strict, font {FACES[encoding]}"
    assert decoded.evidence == told or not is_utf8


@pytest.mark.parametrize("encoding", EIGHT_BIT)
def test_the_demo_corpus_survives_every_font(encoding, demo_texts):
    for text in list(demo_texts.values())[:20]:
        text = "".join(c for c in text if "\u0b82" <= c <= "\u0bcd" or c in " \n.")
        glyphs = to_glyphs(text, encoding).replace("&", "&amp;").replace("<", "&lt;")
        page = f"<body><pre><font face={FACES[encoding]}>{glyphs}</font></pre>"
        found = decode_html(page.encode(), None)[1].body.text()
        assert difflib.SequenceMatcher(None, found, text, autojunk=False).ratio() >= 0.995


@pytest.mark.parametrize("encoding", EIGHT_BIT)
@pytest.mark.parametrize("prefix", ["", "x-"])
def test_a_declared_charset_is_a_hint(encoding, prefix):
    body = charts.to_bytes(to_glyphs(VERSE * 2, encoding))
    decoded = decode_text(body, f"text/plain; charset={prefix}{encoding}")
    assert (decoded.text, decoded.encoding) == (VERSE * 2, encoding)


def test_tace16_needs_no_hint():
    glyphs = to_glyphs(VERSE, "tace16")
    for body in (glyphs.encode(), b"\xff\xfe" + glyphs.encode("utf-16-le")):
        decoded = decode(body, "text/html")
        assert decoded[:3] == (VERSE, "tace16", "private use area")
    icons = "ஓர் \ue225 அகர முதல \ue3a0 எழுத்து " * 9
    assert decode(icons.encode(), None).encoding == "utf-8"


@pytest.mark.parametrize(
    "html",
    [
        "<body style='font-family: Bamini'><p>This page is in English, whatever its style says.",
        "<font face='TAM-Maduram'>This page is in English, whatever its style says.</font>",
        "<font face='Vanavil-Avvaiyar'>mfu Kjy vGj;bjy;yhk; Mjp</font>",
        "<font face=TAB-Anna>Être «sûr» déjà reçu où ça même ÄÖÜ ñandú</font>",
    ],
)
def test_what_does_not_become_tamil_stays_and_is_told(html):
    decoded, text = read(html)
    assert decoded.encoding == "utf-8" and decoded.evidence.endswith(" unread")
    assert text in html


@pytest.mark.parametrize(
    "html",
    [
        f"<font face='TSCu_Paranar, Latha'>{VERSE} — “English” too</font>",
        "<font face='TSC_Avarangal'>plain English in quotes “…” – and no more</font>",
        "<font face='Latha, Bamini'>plain English</font>",
        "<p style='font-family: Arial, Bamini'>plain English</p>",
        f"<font face=Bamini>{VERSE}</font>",
        "<p>a text about the Bamini font, font-family: and all</p>",
    ],
)
def test_unicode_and_latin_in_such_fonts_are_what_they_seem(html):
    decoded, text = read(html)
    assert (decoded.encoding, decoded.evidence) == ("utf-8", "strict")
    assert text in html


def test_two_encodings_on_a_page():
    html = "".join(
        f"<font face={FACES[name]}>{to_glyphs(VERSE, name).replace('<', '&lt;')}</font><br>"
        for name in ("tab", "tscii")
    )
    decoded, text = read(html)
    assert decoded.encoding == "tab+tscii" and text == f"{VERSE} {VERSE}"
    assert decoded.evidence == "strict, font TAB-Anna, font TSC_Avarangal"


@pytest.mark.parametrize(
    ("families", "encoding"),
    [
        ("TSCu_Paranar", "tscii"),
        ("TSC-Inaimathi, Arial", "tscii"),
        ("Inaimathi", "tscii"),
        ("MylaiTSC", "tscii"),
        ("Mylai-Sri", ""),
        ("TAB-Anna", "tab"),
        ("TAMu_Maduram", "tam"),
        ("Tamil Sangam MN", None),
        ("Tahoma", None),
        ("'Baamini'", "bamini"),
        ("bold 12px/1.5 Bamini", "bamini"),
        ("Vanavil-Avvaiyar", ""),
        ("Latha", None),
    ],
)
def test_names_of_fonts(families, encoding):
    font = font_of(families)
    assert (font.encoding if font else None) == encoding


def test_blocks_hold_the_converted_text():
    html = (
        f"<p>English<p><font face=Bamini>{to_glyphs(VERSE, 'bamini').replace('<', '&lt;')}</font>"
    )
    page = {"page_id": "p", "content_type": "text/html", "body": html.encode(), "record": None}
    row = _page_row(page)
    assert [block["text"] for block in row["blocks"]] == ["English", VERSE]
    assert row["encoding"] == "bamini" and row["encoding_evidence"] == "strict, font Bamini"


@given(st.text(max_size=60), st.sampled_from(sorted(charts.ENCODINGS)))
def test_charts_take_any_text(text, encoding):
    assert isinstance(charts.to_unicode(text, encoding), str)
    tamil.reads_as_tamil(text)
