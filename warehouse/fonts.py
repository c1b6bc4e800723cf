"""Text that is Tamil only in the font it is set in: found by the font's name, charted, judged.

Where a page names a font of a known encoding (<font face>, style, a style sheet) or declares one as
its charset, the text in such elements is read through that encoding's chart, and only it: a page
may have English in another font, and Bamini is plain ASCII. All of an encoding's text on a page is
accepted together, when it spells Tamil; otherwise the text stays as it was read and the evidence
says `unread`. Nothing is converted for looking odd.

What it does not do: cascade style sheets as a browser does, or fetch them.
"""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from warehouse import charts, tamil

# By how names begin, letters and digits only. The last group has no chart.
_NAMES = [
    (re.compile(r"tsc|[a-z]+tsc(ii)?\d*$|inaimathi|arulmathi"), "tscii"),
    (re.compile(r"tamu?[-_ ]|tamu?$"), "tam"),
    (re.compile(r"tab[-_ ]|tab$"), "tab"),
    (re.compile(r"ba+mini|tamilbible"), "bamini"),
    (re.compile(r"tace|tau[-_ ]"), "tace16"),
    (re.compile(r"mylai|vanavil|anjal|murasu|diacritic|indoweb|koeln|libi"), ""),
    (re.compile(r"shree-?_?(tam|lipi)|softview|sun-?tommy|pallavar|senthamil|kavipriya"), ""),
    (re.compile(r"(dina(thanthy|thanthi|mani|karan)|[a-z]*vikatan|webulagam|nakkeeran)"), ""),
]
_CHARSETS = re.compile(r"(?:x-)?(tscii|tab|tam|bamini|tace16)(?:-?[\d.]+)?$")
# A font that shows Unicode or Latin: what a list of fonts names before any of the above.
_PLAIN = re.compile(
    r"arial|times|helvetica|verdana|tahoma|georgia|courier|sans|serif|mono|latha|vijaya|nirmala"
    r"|noto|lohit|akshar|thenee|segoe|calibri|roboto|trebuchet|system-ui"
)
_HINT = re.compile(
    rb"(?:face\s*=|font-family\s*:|font\s*:)[^<>;]{0,200}?"
    rb"(?:tsc|tam|tab|bamini|tace|tau|mylai|vanavil|anjal|murasu|diacritic|indoweb|koeln|libi"
    rb"|shree|softview|tommy|pallavar|senthamil|kavipriya|inaimathi|arulmathi|dina|vikatan"
    rb"|webulagam|nakkeeran)",
    re.IGNORECASE,
)
_FAMILY = re.compile(r"font(?:-family)?\s*:\s*([^;}]+)", re.IGNORECASE)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SIZE = re.compile(r"^.*\d(?:px|pt|em|rem|%)(?:/\S+)?\s+")
_HIGH_BYTES = "".join(charts.character(byte) for byte in range(0x80, 0x100) if byte != 0xA0)
_HIGH = re.compile(f"[{_HIGH_BYTES}\x80-\x9f\ue100-\ue3ff\uf780-\uf7ff]")
_LETTER = re.compile(r"[^\W\d_]")
_TAMIL = re.compile(f"[{tamil.TAMIL}]")
_TAMIL_WORD = re.compile(f"[{tamil.LETTERS}]{{2}}")
_SKIPPED = frozenset("script style noscript template head textarea".split())


class Font(NamedTuple):
    """A font of a known encoding: `encoding` is "" where there is no chart for it."""

    name: str
    encoding: str


class Charted(NamedTuple):
    """What the fonts of a page came to: encodings, and what hinted at them."""

    encodings: list[str]
    evidence: list[str]
    unread: list[str]


def font_of(families: str) -> Font | None:
    """The font that a list of families asks for, if its encoding is known and not Unicode."""
    for family in _SIZE.sub("", families).split(","):
        name = family.strip(" \t\r\n\"'")
        lowered = name.lower().rsplit("+", 1)[-1]
        for pattern, encoding in _NAMES:
            if pattern.match(lowered):
                return Font(name[:60], encoding)
        if _PLAIN.search(lowered):
            return None
    return None


def charset_font(charset: str | None) -> Font | None:
    """A declared charset that is a font encoding."""
    match = _CHARSETS.match((charset or "").lower())
    return Font(match[0], match[1]) if match else None


def is_hinted(body: bytes) -> bool:
    """Whether a page may name a font of a known encoding; cheap, for every page is asked."""
    return bool(_HINT.search(body))


def read_fonts(tree: LexborHTMLParser, charset: Font | None) -> Charted:
    """Replace the text of elements in known fonts by Unicode, in the tree."""
    found: dict[Font, list[LexborNode]] = {}
    for node, font in _texts(tree, charset):
        if needs_chart(node.text_content or "", font):
            found.setdefault(font, []).append(node)
    accepted, refused = set(), set()
    for encoding in sorted({font.encoding for font in found}):
        nodes = [node for font in found if font.encoding == encoding for node in found[font]]
        is_read = _convert(nodes, encoding)
        names = {font.name for font in found if font.encoding == encoding}
        if is_read is not None:
            (accepted if is_read else refused).update((encoding, name) for name in names)
    return Charted(
        sorted({encoding for encoding, _ in accepted}),
        sorted({name for _, name in accepted}),
        sorted({name for _, name in refused}),
    )


def read_text(text: str, encoding: str) -> str | None:
    """Text through an encoding's chart, None where the result does not spell Tamil."""
    converted = charts.to_unicode(text, encoding)
    return converted if tamil.reads_as_tamil(converted) else None


def _convert(nodes: list[LexborNode], encoding: str) -> bool | None:
    """Whether texts were read; None where the chart has no Tamil for them, only punctuation."""
    if not encoding:
        return False
    texts = [node.text_content or "" for node in nodes]
    converted = [charts.to_unicode(text, encoding) for text in texts]
    if not any(map(_TAMIL_WORD.search, converted)):
        return None
    if not tamil.reads_as_tamil("\n".join(converted)):
        return False
    for node, text in zip(nodes, converted, strict=True):
        node.replace_with(text)
    return True


def needs_chart(text: str, font: Font) -> bool:
    """Whether a text in a font may be other than it reads."""
    if _TAMIL.search(text):
        return False  # Unicode already: fonts named TSCu_ and TAMu_ show both
    return bool((_HIGH if font.encoding in charts.BILINGUAL else _LETTER).search(text))


def _texts(tree: LexborHTMLParser, charset: Font | None):
    """(text node, font) of each text in a font of a known encoding, in document order."""
    styled = _style_sheets(tree)
    stack: list[tuple[LexborNode | None, Font | None]] = [(tree.root, charset)]
    while stack:
        node, font = stack.pop()
        if node is None:
            continue
        stack.append((node.next, font))
        if node.tag == "-text":
            if font:
                yield node, font
        elif node.tag and node.tag not in _SKIPPED and not node.tag.startswith(("-", "!")):
            stack.append((node.child, _own_font(node, styled, font)))


def _own_font(node: LexborNode, styled: dict[int, str], inherited: Font | None) -> Font | None:
    families = styled.get(node.mem_id)
    attributes = node.attributes
    if node.tag == "font" and attributes.get("face"):
        families = attributes["face"]
    if match := _FAMILY.search(attributes.get("style") or ""):
        families = match[1]
    return font_of(families) if families else inherited


def _style_sheets(tree: LexborHTMLParser) -> dict[int, str]:
    """Element to the font families that the page's own style sheets give it; later rules win."""
    styled: dict[int, str] = {}
    for sheet in tree.css("style"):
        for selectors, declarations in _RULE.findall(_COMMENT.sub("", sheet.text())):
            if match := _FAMILY.search(declarations):
                try:
                    styled |= {node.mem_id: match[1] for node in tree.css(selectors.strip())}
                except SelectolaxError:
                    continue  # a selector that lexbor does not know
    return styled
