"""Lines of a PDF's pages to blocks: reading order, paragraphs, headings, running heads.

Lines are put in order by columns, joined where they stand side by side, and parted into paragraphs
where the space between two is wider than usual. A line of a page is a line of its block, so verse
stays verse. What recurs at one height of many pages, numbers aside, is furniture: its path is
`pdf>header` or `pdf>footer`. A word broken by a hyphen at the right margin is made whole.

What it does not do: tables, footnotes, paragraphs that go on over the page.
"""

import re
from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from warehouse.tamil import TAMIL

MAX_HEADING_CODEPOINTS = 200
HEADING_SIZE = 1.2
# A wider space between two lines than this, beside the usual one, parts paragraphs.
PARAGRAPH_SPACE = 1.4
MIN_COLUMN_WIDTH = 0.2
MIN_COLUMN_ROWS = 4
# Furniture stands among the first or last rows of at least so many pages, at one height.
_EDGE_ROWS = 2
_MIN_PAGES = 3
_MIN_PAGE_SHARE = 0.25

_DIGITS = re.compile(r"\d+")
_BROKEN = re.compile(f"[a-z{TAMIL}][-\u2010\u00ad]$")
_CONTINUED = re.compile(f"[a-z{TAMIL}]")


class Row(NamedTuple):
    """A line of text and its box, in points from the lower left."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float


def to_blocks(pages: list[list[Row]]) -> Iterator[tuple[str, str, bool, int]]:
    """(text, path, is heading, 0) of each block, page by page."""
    pages = [_in_order(rows) for rows in pages]
    body_size = _body_size(pages)
    furniture = _furniture(pages)
    for number, rows in enumerate(pages):
        edges = [furniture.get((number, index)) for index in range(len(rows))]
        for path in ("header", None, "footer"):
            chosen = [row for row, edge in zip(rows, edges, strict=True) if edge == path]
            for paragraph in _paragraphs(chosen):
                text = _joined(paragraph)
                is_heading = (
                    path is None
                    and len(text) <= MAX_HEADING_CODEPOINTS
                    and min(row.size for row in paragraph) >= HEADING_SIZE * body_size
                )
                name = path or ("h" if is_heading else "p")
                yield text, f"pdf>{name}", is_heading, 0


def _in_order(rows: list[Row]) -> list[Row]:
    """Rows as read: columns after each other between lines that span them."""
    rows = sorted(rows, key=lambda row: (-row.y1, row.x0))
    if not rows:
        return []
    left, right = min(row.x0 for row in rows), max(row.x1 for row in rows)
    ordered, section = [], []
    for row in rows:
        if row.x1 - row.x0 > 0.6 * (right - left):
            ordered += _columns(section, right - left)
            ordered.append(row)
            section = []
        else:
            section.append(row)
    return _side_by_side(ordered + _columns(section, right - left))


def _columns(rows: list[Row], width: float) -> list[Row]:
    """Two columns one after the other, if there is a gutter between two sets of enough rows."""
    by_left, reach = sorted(rows, key=lambda row: row.x0), float("-inf")
    for place, row in enumerate(by_left):
        left, right = by_left[:place], by_left[place:]
        if row.x0 - reach > 0.02 * width and min(len(left), len(right)) >= MIN_COLUMN_ROWS:
            widths = [max(r.x1 for r in side) - min(r.x0 for r in side) for side in (left, right)]
            if min(widths) >= MIN_COLUMN_WIDTH * width:
                order = {id(row): index for index, row in enumerate(rows)}
                left.sort(key=lambda row: order[id(row)])
                right.sort(key=lambda row: order[id(row)])
                return left + _columns(right, width)
        reach = max(reach, row.x1)
    return rows


def _side_by_side(rows: list[Row]) -> list[Row]:
    """Neighbours at one height as one row, left to right: a verse and its number."""
    joined: list[Row] = []
    for row in rows:
        last = joined[-1] if joined else None
        overlap = min(last.y1, row.y1) - max(last.y0, row.y0) if last else 0
        if last and overlap > 0.5 * min(last.y1 - last.y0, row.y1 - row.y0):
            first, second = (last, row) if last.x0 <= row.x0 else (row, last)
            joined[-1] = Row(
                f"{first.text} {second.text}",
                *(first.x0, min(last.y0, row.y0), max(last.x1, row.x1), max(last.y1, row.y1)),
                max(last.size, row.size),
            )
        else:
            joined.append(row)
    return joined


def _body_size(pages: list[list[Row]]) -> float:
    """The font size that most characters have."""
    sizes: Counter[float] = Counter()
    for rows in pages:
        for row in rows:
            sizes[round(row.size, 1)] += len(row.text)
    return max(sizes, key=lambda size: (sizes[size], -size)) if sizes else 0.0


def _furniture(pages: list[list[Row]]) -> dict[tuple[int, int], str]:
    """(page, row) of running heads and feet and page numbers."""
    seen: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
    for number, rows in enumerate(pages):
        by_height = sorted(range(len(rows)), key=lambda index: -rows[index].y1)
        ends = {index: "footer" for index in by_height[-_EDGE_ROWS:]}
        ends |= {index: "header" for index in by_height[:_EDGE_ROWS]}
        for index, edge in ends.items():
            key = _DIGITS.sub("0", rows[index].text.strip())
            # Baselines differ by a hair: each row counts at two heights, so none falls between.
            height = int(rows[index].y0 // 4)
            for place in (height, height + 1):
                seen.setdefault((edge, key, place), []).append((number, index))
    least = max(_MIN_PAGES, _MIN_PAGE_SHARE * len(pages))
    return {
        place: edge
        for (edge, _, _), places in seen.items()
        if len({number for number, _ in places}) >= least
        for place in places
    }


def _paragraphs(rows: list[Row]) -> Iterator[list[Row]]:
    steps = [above.y0 - below.y0 for above, below in zip(rows, rows[1:], strict=False)]
    usual = median([step for step in steps if step > 0] or [0.0])
    paragraph: list[Row] = []
    for index, row in enumerate(rows):
        if paragraph:
            step, last = steps[index - 1], paragraph[-1]
            is_apart = step <= 0 or step > max(PARAGRAPH_SPACE * usual, PARAGRAPH_SPACE * row.size)
            if is_apart or not 0.8 < row.size / max(last.size, 0.1) < 1.25:
                yield paragraph
                paragraph = []
        paragraph.append(row)
    if paragraph:
        yield paragraph


def _joined(paragraph: list[Row]) -> str:
    """Lines of a paragraph, with words that were broken at the right margin made whole."""
    margin = max(row.x1 for row in paragraph)
    text, is_open = "", False
    for row in paragraph:
        line = row.text.strip()
        if is_open and _CONTINUED.match(line):
            text = text[:-1] + line
        else:
            text += "\n" + line if text else line
        is_full = len(paragraph) > 1 and row.x1 > margin - row.size
        is_open = bool(is_full and _BROKEN.search(line))
    return text
