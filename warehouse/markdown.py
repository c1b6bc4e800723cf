"""Markdown to HTML, which then goes the way of every page (blocks.py).

A newline inside a paragraph stays a line: poems are written so. Front matter, shortcodes of site
generators and references to footnotes go; images have no text. Code stays under a path of its own
(`.code`), unless it is Tamil: verse is put between fences, or indented, to keep its lines.

It knows CommonMark, tables and strikethrough, no dialect beyond; maths stays as it is written.
"""

import re
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from warehouse.tamil import tamil_ratio

MAX_CODEPOINTS = 2_000_000  # longer than all but a handful of novels

_FENCE = re.compile(r"\s{0,100}(---|\+\+\+)[ \t]*\r?\n")
_FIELD = re.compile(r"\s*(#|[\"']?[\w.-]{1,100}[\"']?\s{0,20}[:=])")
_HIGHLIGHT = re.compile(r"\{\{[<%]\s{0,9}/?\s{0,9}highlight\b[^{}]{0,200}[>%]\}\}")
_SHORTCODE = re.compile(r"\{\{[^{}]{0,1000}\}\}|\{%[^{}]{0,1000}%\}|\{:[^{}\n]{0,200}\}")
_NOTE = re.compile(r"\[\^[^\]\s]{1,50}\]")
_BR = re.compile(r"<br\b", re.IGNORECASE)
_NEWLINES = ("softbreak", "hardbreak")
_NOTE_TEXT = re.compile(r"\[\^[^\]\s]{1,50}\]:")


def to_html(text: str) -> str:
    """HTML of a Markdown text, without what is not its own text."""
    text = text[:MAX_CODEPOINTS].replace("\0", "").removeprefix("\ufeff")
    text = _HIGHLIGHT.sub("\n```\n", without_front_matter(text))
    parser = _parser()
    tokens = parser.parse(_SHORTCODE.sub("", text))
    for place, token in enumerate(tokens):
        if token.type in ("fence", "code_block"):
            tokens[place] = _code(token)
        elif token.type == "inline":
            _mark(token, tokens[place - 1])
    return parser.renderer.render(tokens, parser.options, {})


@cache
def _parser() -> MarkdownIt:
    options = {"breaks": True, "html": True}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def without_front_matter(text: str) -> str:
    """The text after its YAML or TOML head, if it begins with one that ends."""
    start = _FENCE.match(text)
    if not start:
        return text
    mark = start[1]
    end = re.compile(rf"^{re.escape(mark)}[ \t]*\r?$", re.MULTILINE).search(text, start.end())
    if not end:
        return text
    head = text[start.end() : end.start()]
    # Two rules around a passage look alike; a head names fields.
    return text[end.end() :] if not head.strip() or _FIELD.match(head) else text


def _code(token: Token) -> Token:
    """A block of code, or of verse, as HTML."""
    is_verse = not token.info.strip() and tamil_ratio(token.content) >= 0.5
    opening = "<pre>" if is_verse else '<pre class="code">'
    escaped = token.content.replace("&", "&amp;").replace("<", "&lt;")
    return Token("html_block", "", 0, content=f"{opening}\n{escaped}</pre>\n")


def _mark(inline: Token, opening: Token) -> None:
    """Name a paragraph that is code or a footnote; take references to footnotes out."""
    pieces = inline.children or []
    texts = [piece for piece in pieces if piece.type == "text"]
    has_text = any(piece.content.strip() for piece in texts)
    if not has_text and any(piece.type == "code_inline" for piece in pieces):
        opening.attrSet("class", "code")
    if texts and _NOTE_TEXT.match(inline.content):
        opening.attrSet("class", "footnote")
        texts[0].content = _NOTE_TEXT.sub("", texts[0].content, count=1)
    for piece in texts:
        piece.content = _NOTE.sub("", piece.content)
    for piece, after in pairwise(pieces):
        if piece.type == "html_inline" and _BR.match(piece.content) and after.type in _NEWLINES:
            # A break at the end of a line is one line end, not two.
            piece.content = ""
