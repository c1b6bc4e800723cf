"""The walk over an HTML tree: the text of each block element, in order, and where it stands.

Verse lines stay lines. A block has the path of tags above it, with first classes, and how much of
it is link text; nothing is thrown away but what is never shown.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

MAX_DEPTH = 200

_SKIPPED = frozenset("script style noscript iframe svg template head textarea select".split())
_BLOCKS = frozenset(
    "address article aside blockquote body button center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section "
    "summary table tbody td tfoot th thead tr ul".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_WHITE = re.compile(r"[ \t\r\n\f]+")
_DIGITS = re.compile(r"\d+")


def walk(body: LexborNode | None, root: str) -> Iterator[tuple[str, str, bool, int]]:
    """(text, path, is heading, codepoints inside links) of each block, in document order.

    Paths begin with `root`. An explicit stack: pages nest deeper than Python recurses.
    """
    pieces: list[str] = []
    linked = 0
    # Frames: (node whose next siblings are to be seen, path, inside a link, inside pre, depth)
    stack = [(body.child if body else None, root, False, False, 1)]
    while stack:
        node, path, in_link, in_pre, depth = stack.pop()
        if node is None:
            # End of an element's children; a block element closes its text here.
            if text := _joined(pieces):
                yield text, path, _is_heading(path), linked
            pieces, linked = [], 0
            continue
        if node.next:
            stack.append((node.next, path, in_link, in_pre, depth))
        tag = node.tag
        if tag == "-text":
            text = node.text_content or ""
            text = text if in_pre else _WHITE.sub(" ", text)
            pieces.append(text)
            linked += len(text.strip()) if in_link else 0
        elif tag == "br":
            pieces.append("\n")
        elif tag in _BLOCKS and depth < MAX_DEPTH:
            if text := _joined(pieces):
                yield text, path, _is_heading(path), linked
            pieces, linked = [], 0
            inner = f"{path}>{_step(node, tag)}"
            stack.append((None, inner, in_link, in_pre, depth))
            if node.child:
                in_pre = in_pre or tag == "pre"
                stack.append((node.child, inner, in_link, in_pre, depth + 1))
        elif node.child and tag and tag not in _SKIPPED and not tag.startswith(("-", "!")):
            # <a name> marks a place; where it is not closed, the whole page is inside it.
            is_link = tag == "a" and "href" in node.attributes
            stack.append((node.child, path, in_link or is_link, in_pre, depth + 1))
    if text := _joined(pieces):
        yield text, root, False, linked


def _joined(pieces: list[str]) -> str:
    return "".join(pieces).strip()


def _step(node: LexborNode, tag: str) -> str:
    classes = (node.attributes.get("class") or "").split()
    return f"{tag}.{_DIGITS.sub('', classes[0])}" if classes else tag


def _is_heading(path: str) -> bool:
    return path.rsplit(">", 1)[-1].split(".")[0] in _HEADINGS
