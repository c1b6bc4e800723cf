r"""Wikitext made cheap to parse: what is never closed is no markup, what does not show is gone.

mwparserfromhell tries each opening mark to the end of the text before it takes it for plain text,
so marks that are never closed cost quadratic time: 64 kB of `{{a|b=` take a minute. One pass with
a stack takes out marks without a partner, nesting beyond MAX_DEPTH, comments, bold and italic and
the attributes of tags, and cuts the text where nothing is open. What a mark means is the reader's
business (wikitext.py), which says of each closed one whether it shows; the others are taken out
before they cost anything. A HOLE stays in their place, lest neighbours join into a new mark.
"""

import re
from collections.abc import Callable, Iterator

MAX_DEPTH = 20  # of marks; deeper ones are dropped, their text stays
PIECE_CODEPOINTS = 16_000
# Not NUL, at which mwparserfromhell takes the text for ended.
HOLE, LESS_THAN = "\x06\x07"

# Tags whose inside is no wikitext, that stand alone, that are often left open and break a line.
_OPAQUE = frozenset(
    "categorytree ce chem gallery graph hiero imagemap inputbox mapframe maplink math nowiki pre "
    "score source syntaxhighlight templatedata timeline".split()
)
_SINGLE = frozenset("br hr wbr section templatestyles".split())
_LOOSE = dict.fromkeys("dd dt div center tr td th".split(), "<br/>") | {"li": "\n*"}
_PAIRED = frozenset(
    "noinclude includeonly onlyinclude ref references poem table blockquote b i u s em strong "
    "small big sup sub span font tt code del ins ul ol dl abbr cite ruby rb rt rp pages".split()
)
_TOKEN = re.compile(
    r"""
    \n+ | <!-- | <(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)\b[^<>]{0,1000}> | <
    | \{\{+ | \}\}+ | \[\[ | \]\] | \[(?=(?:[a-zA-Z]{2,9}:)?//|mailto:) | \]
    | (?:^|(?<=\n))[ \t:*\#]{0,20}\{\| | (?:^|(?<=\n))[ \t]{0,20}\|\}(?!\})
    """,
    re.VERBOSE,
)
_STYLE = re.compile(r"''+")
_USELESS_HOLES = re.compile(r"(?<!\x06)\x06++(?=\n|\Z)|(?:^|(?<=\n))\x06++(?=[*#:;])")

# Whether a closed mark shows, by its kind ({{, [[, [, {| or the name of a tag) and what follows it.
Shows = Callable[[str, str], bool]


def balanced(text: str, shows: Shows) -> Iterator[str]:
    """The text in pieces in which every mark shows and is closed, in the order they were opened."""
    scan = _Scan(_STYLE.sub("", text), shows)
    size = 0
    while match := _TOKEN.search(scan.text, scan.place):
        size += match.end() - scan.place
        scan.out.append(scan.text[scan.place : match.start()])
        scan.place = match.end()
        scan.take(match)
        if size > PIECE_CODEPOINTS and not scan.open_marks and match[0][0] == "\n":
            yield _joined(scan.out)
            scan.out, size = [], 0
    scan.out.append(scan.text[scan.place :])
    scan.drop_above(0)
    yield _joined(scan.out)


def _joined(out: list[str]) -> str:
    return _USELESS_HOLES.sub("", "".join(out))


class _Scan:
    """State of the pass: `out` so far, and the marks that are open as (kind, place in `out`)."""

    def __init__(self, text: str, shows: Shows):
        self.text, self.place, self.shows = text, 0, shows
        self.out: list[str] = []
        self.open_marks: list[tuple[str, int]] = []
        self.unclosed: set[str] = set()

    def take(self, match: re.Match) -> None:
        mark = match[0]
        if mark[0] == "\n":
            self.end_line(mark)
        elif mark == "<!--":
            self.skip_past("-->")
            self.out.append(HOLE)
        elif mark == "<":
            self.out.append(LESS_THAN)
        elif mark[0] == "<":
            self.take_tag(match["name"].lower(), bool(match["end"]), mark.endswith("/>"))
        elif mark.startswith("{{"):
            self.in_pairs(len(mark), self.open, "{{")
        elif mark[0] == "}":
            self.in_pairs(len(mark), self.close, "}}")
        elif mark[0] == "]":
            self.close_bracket(mark)
        elif mark.endswith("|}"):
            self.close("{|", mark)
        else:
            self.open(mark.lstrip(" \t:*#"), mark)

    def in_pairs(self, count: int, act: Callable[[str, str], None], braces: str) -> None:
        """A third brace would make an argument, which is tried to the end of the text."""
        for _ in range(count // 2):
            act("{{", braces)
        self.out.append(HOLE * (count % 2))

    def open(self, kind: str, mark: str) -> None:
        self.open_marks.append((kind, len(self.out)))
        self.out.append(mark if len(self.open_marks) <= MAX_DEPTH else HOLE)

    def close(self, kind: str, mark: str) -> None:
        """Close the innermost open mark of a kind; marks opened since have no partner."""
        lowest = max(0, len(self.open_marks) - 2 * MAX_DEPTH)
        for depth in range(len(self.open_marks) - 1, lowest - 1, -1):
            if self.open_marks[depth][0] == kind:
                self.drop_above(depth + 1)
                _, place = self.open_marks.pop()
                if self.shows(kind, "".join(self.out[place + 1 : place + 9])):
                    self.out.append(mark if depth < MAX_DEPTH else HOLE)
                else:
                    self.out[place:] = [HOLE]
                return
        self.out.append("]" if mark == "]" else HOLE)

    def drop_above(self, depth: int) -> None:
        while len(self.open_marks) > depth:
            _, place = self.open_marks.pop()
            self.out[place] = HOLE

    def close_bracket(self, mark: str) -> None:
        is_inner_link = bool(self.open_marks) and self.open_marks[-1][0] == "["
        if mark == "]]" and is_inner_link:
            self.place -= 1
            mark = "]"
        self.close("[[" if mark == "]]" else "[", mark)

    def end_line(self, newlines: str) -> None:
        """An address in brackets ends with its line, a link with its paragraph."""
        over = ("[",) if len(newlines) == 1 else ("[", "[[")
        while self.open_marks and self.open_marks[-1][0] in over:
            self.drop_above(len(self.open_marks) - 1)
        self.out.append(newlines)

    def take_tag(self, name: str, is_end: bool, is_alone: bool) -> None:
        if name in _SINGLE:
            self.out.append(f"<{name}/>")
        elif name in _OPAQUE and not is_end and not is_alone:
            inside = self.skip_past(f"</{name}>")
            is_shown = inside is not None and self.shows(name, inside[:100])
            self.out.append(f"<{name}>{inside}</{name}>" if is_shown else HOLE)
        elif name == "p":
            self.out.append("\n\n" + HOLE)
        elif name in _LOOSE:
            self.out.append(HOLE if is_end and name == "li" else _LOOSE[name])
        elif name in _PAIRED and not is_alone:
            act = self.close if is_end else self.open
            act(name, f"</{name}>" if is_end else f"<{name}>")
        else:
            self.out.append(HOLE)

    def skip_past(self, end: str) -> str | None:
        """What stands before the next `end`, which is passed; None, and nothing, where none is."""
        if end in self.unclosed:
            return None
        match = re.compile(re.escape(end), re.IGNORECASE).search(self.text, self.place)
        if match is None:
            self.unclosed.add(end)
            return None
        inside = self.text[self.place : match.start()]
        self.place = match.end()
        return inside
