"""Wikitext to text blocks: what a reader of the page reads as prose or verse, and nothing else.

Templates, tables, references, files with their captions, categories and parser functions are the
page's machinery and leave no block; a few templates of Wikisource only dress a text, and that text
stays. Lines that the author made lines (poem, br, indents, lists) stay lines. Sections of links and
references, and headings with nothing under them, keep their blocks under a path of their own.

It does not expand templates: what only a template says (a birth date, a population) is lost.
"""

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import mwparserfromhell
from mwparserfromhell import nodes
from mwparserfromhell.wikicode import Wikicode

from warehouse.wikibalance import HOLE, LESS_THAN, balanced

# MediaWiki's own limit is 2 MiB, some 700,000 codepoints of Tamil.
MAX_CODEPOINTS = 1_000_000

# Marks that stand for structure until the lines are put together; the text itself has none.
_BREAK, _LIST, _LINK, _LINK_END, _HEADING = "\x01\x02\x03\x04\x05"
_RESERVED = re.compile("[\x00-\x07]")
_LINKED = re.compile(f"{_LINK}([^{_LINK_END}]*){_LINK_END}")
_LIST_MARKS = re.compile(r"^[*#:;]++(?![ \t]*+\{\|)", re.MULTILINE)
_INDENTED_TABLE = re.compile(r"^[*#:;]++(?=[ \t]*+\{\|)", re.MULTILINE)
_EQUALS_LINE = re.compile(r"^=[^\n]*", re.MULTILINE)
_COMMENT_AT_END = re.compile(r"<!--[^<>]{0,1000}-->[ \t]{0,100}$")

_REDIRECT = re.compile(r"\s{0,100}#\s{0,9}(redirect|வழிமாற்று)\s{0,9}:?\s{0,9}\[\[", re.IGNORECASE)
_MAGIC_WORD = re.compile(r"__[A-Za-zஅ-ஹ]\S{0,58}?__")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,10}){0,2}|simple")
_HIDDEN_LINKS = frozenset("file image media category படிமம் கோப்பு ஊடகம் பகுப்பு".split())
_HIDDEN = frozenset(
    "{| categorytree ce chem gallery graph hiero imagemap includeonly inputbox mapframe maplink "
    "math noinclude pages ref references rp rt score source syntaxhighlight table templatedata "
    "timeline".split()
)
# What a template that is gone leaves of a bracket: (, 1921), ().
_EMPTY_BRACKETS = re.compile(r" ?\([\s,;:–-]*\)|(?<=\()[\s,;:]+|[\s,;:]{1,9}(?=\))")
# What is left of a table or a template that was never closed.
_REMNANT = re.compile(r"\||\{\||!!|\}\}|\{\{")


def _with_text_in(parameter: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), parameter)


# Templates that only dress their text, and which parameter holds it; the first have own lines.
_BLOCK_TEMPLATES = _with_text_in(
    "1",
    """
    block_center block_left block_right c center centre larger_block left poem quote blockquote
    cquote rc right smaller_block verse float_right float_left
    """,
) | _with_text_in("2", "left_margin")
_INLINE_TEMPLATES = _with_text_in(
    "1",
    """
    larger x-larger xx-larger xxx-larger xxxx-larger smaller x-smaller xx-smaller xxx-smaller
    small big sc smallcaps small-caps asc uc lc b bold i italic u underline sup sub nowrap nobr
    fine sic red blue green di dropinitial drop_initial initial popup_note strong em abbr
    ill illm font
    """,
) | _with_text_in("2", "lang color colour fs hws hyphenated_word_start")
_LINE_TEMPLATES = frozenset("dhr rule nop - clear pbr page_break br custom_rule".split())
_SPACE_TEMPLATES = frozenset("gap em-space emsp nbsp spaces".split())
_SHOWN_TEMPLATES = (
    _BLOCK_TEMPLATES.keys() | _INLINE_TEMPLATES.keys() | _LINE_TEMPLATES | _SPACE_TEMPLATES
)

# Sections that hold what the page rests on or leads to.
_LINK_SECTIONS = frozenset(
    title.strip()
    for title in """
    வெளி இணைப்புகள், வெளியிணைப்புகள், வெளி இணைப்பு, வெளியிணைப்பு, வெளி இணைப்புக்கள், வெளியிணைப்புக்கள்,
    மேலும் பார்க்க, மேலும் பார்க்கவும், மேலும் காண்க, இவற்றையும் பார்க்க, இவற்றையும் பார்க்கவும்,
    இவற்றையும் காண்க, இதையும் பார்க்க, இதையும் பார்க்கவும், இதனையும் காண்க, மேலும் படிக்க,
    உசாத்துணை, உசாத்துணைகள், உசாத்துணை நூல்கள், துணை நூல்கள், சான்றுகள், சான்றுகோள்கள்,
    மேற்சான்றுகள், ஆதாரம், ஆதாரங்கள், மூலங்கள்,
    references, external links, see also, further reading, bibliography, sources, citations
    """.split(",")
)
# Headings that stand over references on one page and over quotations or prose on another.
_MIXED_SECTIONS = frozenset(
    "மேற்கோள்கள் மேற்கோள் குறிப்புகள் குறிப்பு அடிக்குறிப்புகள் notes footnotes".split()
)

Block = tuple[str, str, bool, int]


class _Part(NamedTuple):
    """A line, then a block of lines. `kind` is h1 to h6, p, or ul for lists and indents."""

    kind: str
    text: str
    link_codepoints: int


def is_redirect(text: str) -> bool:
    return _REDIRECT.match(text) is not None


def read_wikitext(text: str) -> Iterator[Block]:
    """(text, path, is heading, codepoints inside links) of each block of a page."""
    text = _RESERVED.sub("", text[:MAX_CODEPOINTS])
    # Marks at the start of a line are taken here: a parser that looks for their ends is slow.
    text = _LIST_MARKS.sub(_LIST, _INDENTED_TABLE.sub("", text))
    text = _EQUALS_LINE.sub(_heading, text)
    parsed = (mwparserfromhell.parse(piece) for piece in balanced(text, _shows))
    flat = "".join(piece for code in parsed for piece in _flat(code))
    yield from _placed(list(_blocks(flat)))


def _heading(line: re.Match) -> str:
    title = _COMMENT_AT_END.sub("", line[0]).rstrip()
    bare = title.strip("=")
    level = min(len(title) - len(title.lstrip("=")), len(title) - len(title.rstrip("=")), 6)
    return f"{_HEADING}{level}{title[level:-level]}" if bare and level else f"{HOLE}{line[0]}"


def _flat(code: Wikicode) -> Iterator[str]:
    """What shows of the code as text, with marks for what the lines need to know."""
    for node in code.nodes:
        if isinstance(node, nodes.Text):
            yield _MAGIC_WORD.sub("", str(node))
        elif isinstance(node, nodes.Wikilink):
            yield from _wikilink(node)
        elif isinstance(node, nodes.Template):
            yield from _template(node)
        elif isinstance(node, nodes.Tag):
            yield from _tag(node)
        elif isinstance(node, nodes.ExternalLink) and node.brackets and node.title:
            yield f"{_LINK}{_one_line(node.title)}{_LINK_END}"
        elif isinstance(node, nodes.HTMLEntity):
            yield _RESERVED.sub("", html.unescape(str(node)))


def _one_line(code: Wikicode) -> str:
    return "".join(_flat(code)).replace("\n", " ")


def _shows(kind: str, head: str) -> bool:
    """Whether a mark is worth parsing, by what follows it."""
    if kind == "{{":
        name = _name(head.partition("|")[0])
        return name in _SHOWN_TEMPLATES or name.startswith("lang-")
    if kind == "[[":
        # A colon before the prefix shows a link to what would otherwise be put in or listed.
        prefix, colon, _ = head.partition(":")
        prefix = _name(prefix)
        return not (colon and (prefix in _HIDDEN_LINKS or _LANGUAGE.fullmatch(prefix)))
    return kind not in _HIDDEN


def _name(text: str) -> str:
    return _RESERVED.sub("", text).strip().lower().replace(" ", "_")


def _wikilink(node: nodes.Wikilink) -> Iterator[str]:
    shown = _one_line(node.text) if node.text else ""
    title = _RESERVED.sub("", _one_line(node.title)).strip()
    yield f"{_LINK}{shown.strip() or title.lstrip(':')}{_LINK_END}"


def _template(node: nodes.Template) -> Iterator[str]:
    name = _name(str(node.name))
    if name in _BLOCK_TEMPLATES:
        yield _BREAK
        yield from _parameter(node, _BLOCK_TEMPLATES[name])
        yield _BREAK
    elif name in _INLINE_TEMPLATES or name.startswith("lang-"):
        yield from _parameter(node, _INLINE_TEMPLATES.get(name, "1"))
    elif name in _LINE_TEMPLATES:
        yield "\n\n"
    elif name in _SPACE_TEMPLATES:
        yield " "


def _parameter(node: nodes.Template, wanted: str) -> Iterator[str]:
    for parameter in reversed(node.params):
        if str(parameter.name).strip() == wanted:
            yield from _flat(parameter.value)
            return
    # A text with an equals sign in it looks like a named parameter.
    if wanted == "1" and node.params:
        yield from _flat(node.params[0].name)
        yield "="
        yield from _flat(node.params[0].value)


def _tag(node: nodes.Tag) -> Iterator[str]:
    name = str(node.tag).strip().lower()
    if name == "br":
        yield _BREAK
    elif name == "hr":
        yield "\n\n"
    elif node.wiki_markup and name in ("li", "dd", "dt"):
        yield _LIST
    elif not node.contents:
        return
    elif name in ("poem", "pre"):
        lines = "".join(_flat(node.contents)).strip("\n").replace("\n", _BREAK)
        yield f"\n\n{lines}\n\n"
    elif name == "blockquote":
        yield from ("\n\n", *_flat(node.contents), "\n\n")
    else:
        yield from _flat(node.contents)


def _blocks(flat: str) -> Iterator[_Part]:
    """Paragraphs, lists and headings. A plain newline inside a paragraph is a space."""
    kind, lines = "", []
    for line in flat.split("\n"):
        part = _line(line)
        if lines and (part.kind != kind or kind[0] == "h" or not part.text):
            yield _joined(kind, lines)
            lines = []
        if part.text:
            kind = part.kind
            lines.append(part)
    if lines:
        yield _joined(kind, lines)


def _line(line: str) -> _Part:
    line = line.replace(HOLE, "")
    kind = "p"
    if line.startswith(_HEADING):
        kind, line = f"h{line[1]}", line[2:]
    elif line.lstrip(" ").startswith(_LIST):
        kind = "ul"
    elif _REMNANT.match(line):
        return _Part("p", "", 0)
    linked = sum(map(len, _LINKED.findall(line)))
    # A line that begins with a space is shown as it stands.
    line = f"\n{line}" if line.startswith(" ") else line
    text = _RESERVED.sub("", line.replace(_BREAK, "\n").replace(LESS_THAN, "<"))
    text = _EMPTY_BRACKETS.sub("", text) if "(" in text else text
    return _Part(kind, "" if text.isspace() else text, linked)


def _joined(kind: str, lines: list[_Part]) -> _Part:
    text = lines[0].text.strip()
    for before, line in pairwise(lines):
        is_line = kind == "ul" or before.text.endswith("\n") or line.text.startswith("\n")
        text += ("\n" if is_line else " ") + line.text.strip()
    return _Part(kind, text, sum(line.link_codepoints for line in lines))


def _placed(parts: list[_Part]) -> Iterator[Block]:
    """Blocks with their paths: the sections of links, and the empty ones, have names."""
    sections = [""] * len(parts)
    for place, part in enumerate(parts):
        if part.kind[0] == "h" and not sections[place]:
            end = _section_end(parts, place)
            name = _section_name(part.text, parts[place + 1 : end])
            sections[place:end] = [name] * (end - place)
    for part, name in zip(parts, sections, strict=True):
        path = f"wiki>section.{name}>{part.kind}" if name else f"wiki>{part.kind}"
        yield part.text, path, part.kind[0] == "h", part.link_codepoints


def _section_end(parts: list[_Part], start: int) -> int:
    level = parts[start].kind
    for place in range(start + 1, len(parts)):
        if parts[place].kind[0] == "h" and parts[place].kind <= level:
            return place
    return len(parts)


def _section_name(title: str, parts: list[_Part]) -> str:
    title = " ".join(title.split()).strip(" :.-").casefold()
    bodies = [part for part in parts if part.kind[0] != "h"]
    if title in _LINK_SECTIONS:
        return "references"
    if not bodies:
        return "empty"
    linked = sum(part.link_codepoints for part in bodies)
    is_linked = 2 * linked > sum(len(part.text) for part in bodies)
    return "references" if title in _MIXED_SECTIONS and is_linked else ""
