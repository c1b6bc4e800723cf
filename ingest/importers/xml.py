"""XML from strangers: no entities of a document's own, none from outside, no DTD read.

expat expands what a document declares; a few lines of declarations can stand for gigabytes. So
a declaration of an entity ends the reading.
"""

from collections.abc import Iterator
from xml.parsers import expat


def safe_parser(**options) -> expat.XMLParserType:
    """An expat parser that refuses entity declarations with ValueError."""
    parser = expat.ParserCreate(**options)
    parser.buffer_text = True
    parser.buffer_size = 1 << 16

    def refuse(name, *rest):
        raise ValueError(f"declares the entity {name}")

    parser.EntityDeclHandler = refuse
    return parser


def elements(data: bytes) -> Iterator[tuple[str, dict[str, str], str]]:
    """Local name, attributes and own text of each element of a small document, as they end."""
    found: list[tuple[str, dict[str, str], str]] = []
    stack: list[tuple[str, dict[str, str], list[str]]] = []
    parser = safe_parser()

    def start(name: str, attributes: dict[str, str]) -> None:
        stack.append((name.rpartition(":")[2], attributes, []))

    def text(piece: str) -> None:
        if stack:
            stack[-1][2].append(piece)

    def end(_: str) -> None:
        name, attributes, pieces = stack.pop()
        found.append((name, attributes, "".join(pieces)))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.Parse(data, True)
    return iter(found)
