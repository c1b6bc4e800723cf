"""PDF bytes to the lines of its pages: characters by font, where they stand, how large.

pdfminer.six reads, within bounds (pdf_bounds.py). A PDF is a program, and a few bytes of one can
ask for gigabytes or for hours, so what a document may unpack, draw and repeat is counted, in units
of size: the same file gives the same answer on every machine. pdfminer's own layout boxes are not
used, for they break verse apart at each indent; lines are put together in pdf_layout.py.

What it does not do: images, vertical text, forms' values, attachments, passwords.
"""

import io
import logging
from collections.abc import Iterator
from typing import NamedTuple

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LAParams, LTChar, LTFigure, LTLayoutContainer, LTPage, LTTextLine
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.psexceptions import PSEOF, PSSyntaxError

from warehouse import charts
from warehouse.pdf_bounds import TooLarge, bounded

MAX_PDF_BYTES = 200_000_000
MAX_PAGES = 2_000
MAX_PAGE_CHARACTERS = 100_000
MAX_CHARACTERS = 10_000_000
MAX_FORMS = 20_000
_LAYOUT = LAParams(word_margin=0.2)
_AS_SOFT_HYPHEN = (" ", "-", "\xa0", "\u2212")


class Line(NamedTuple):
    """A line as drawn: its text by font, its box in points from the lower left, its font size."""

    runs: list[tuple[str, str]]
    x0: float
    y0: float
    x1: float
    y1: float
    size: float


class Page(NamedTuple):
    lines: list[Line]
    width: float
    image_count: int


class Document(NamedTuple):
    """What could be read. `damaged` is why pages are missing, if any are."""

    pages: list[Page]
    info: dict
    page_count: int
    damaged: str | None


def read_pages(body: bytes) -> Document:
    """The pages of a PDF; raises what pdfminer raises, which may be anything."""
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    if len(body) > MAX_PDF_BYTES:
        raise TooLarge(f"{len(body):,} bytes")
    with bounded():
        document = _open(body)
        # Labels are not used, and reading them can fail where the pages do not.
        document.catalog.pop("PageLabels", None)
        info = dict(document.info[0]) if document.info else {}
        pages, count, damaged = _read(document)
    return Document(pages, info, count, damaged)


def _open(body: bytes) -> PDFDocument:
    """A document, if need be without the object that the end of a cut file leaves open."""
    try:
        return PDFDocument(PDFParser(io.BytesIO(body)))
    except (PSEOF, PSSyntaxError):
        whole = body[: body.rfind(b"endobj") + len(b"endobj")]
        return PDFDocument(PDFParser(io.BytesIO(whole)))


def _read(document: PDFDocument) -> tuple[list[Page], int, str | None]:
    manager = PDFResourceManager()
    device = _Device(manager)
    interpreter = _Interpreter(manager, device)
    pages, count, damaged = [], 0, None
    for page in PDFPage.create_pages(document):
        count += 1
        if count > MAX_PAGES or device.character_count > MAX_CHARACTERS:
            damaged = f"too long, read to page {count - 1:,}"
            break
        try:
            interpreter.process_page(page)
            pages.append(device.page())
        except TooLarge:
            raise
        # Files by strangers: pdfminer raises whatever it stumbles over, and the other pages
        # are worth having.
        except Exception as error:
            damaged = f"page {count}: {type(error).__name__}"
    return pages, count, damaged


class _Interpreter(PDFPageInterpreter):
    """Counts forms: each can draw others many times over."""

    device: "_Device"

    def do_Do(self, xobjid_arg) -> None:
        self.device.form_count += 1
        if self.device.form_count > MAX_FORMS:
            raise TooLarge(f"more than {MAX_FORMS:,} drawn objects")
        super().do_Do(xobjid_arg)


class _Device(PDFPageAggregator):
    """Collects characters and counts images; strokes and pictures are of no interest."""

    def __init__(self, manager: PDFResourceManager):
        super().__init__(manager, laparams=None)
        self.form_count = self.character_count = self.image_count = self.page_characters = 0

    def begin_page(self, page, ctm) -> None:
        self.image_count = self.page_characters = 0
        super().begin_page(page, ctm)

    def page(self) -> Page:
        layout = self.get_result()
        return Page(list(_lines(layout)), layout.width, self.image_count)

    def render_char(self, matrix, font, fontsize, scaling, rise, cid, ncs, graphicstate):
        self.page_characters += 1
        self.character_count += 1
        if self.page_characters > MAX_PAGE_CHARACTERS:
            raise TooLarge(f"more than {MAX_PAGE_CHARACTERS:,} characters on a page")
        advance = super().render_char(matrix, font, fontsize, scaling, rise, cid, ncs, graphicstate)
        item = self.cur_item._objs[-1]
        assert isinstance(item, LTChar)
        # The soft hyphen of Windows-1252 is a letter in the encodings of Tamil.
        if cid == 0xAD and item.get_text() in _AS_SOFT_HYPHEN:
            item._text = "\xad"
        if item.fontname == "unknown":
            item.fontname = getattr(font, "basefont", None) or "unknown"
        return advance

    def handle_undefined_char(self, font, cid: int) -> str:
        """A code without a letter: a byte of an 8-bit font may still be one of its encoding."""
        return (
            charts.character(cid) if 0x80 <= cid < 0x100 and not font.is_multibyte() else "\ufffd"
        )

    def paint_path(self, *args, **options) -> None:
        pass

    def render_image(self, name, stream) -> None:
        self.image_count += 1


def _lines(page: LTPage) -> Iterator[Line]:
    """Characters of a page, those inside figures too, as pdfminer puts them into lines."""
    characters = _without_overprint(_characters(page))
    for line in LTLayoutContainer.group_objects(page, _LAYOUT, characters) if characters else ():
        if isinstance(line, LTTextLine) and not line.is_empty():
            runs, size = [], 0.0
            for item in line:
                font, text = runs[-1][0] if runs else "", item.get_text()
                if isinstance(item, LTChar):
                    font, size = item.fontname, max(size, item.size)
                if runs and runs[-1][0] == font:
                    runs[-1] = (font, runs[-1][1] + text)
                else:
                    runs.append((font, text))
            yield Line(runs, line.x0, line.y0, line.x1, line.y1, size)


def _characters(page: LTPage) -> Iterator[LTChar]:
    stack = [iter(page)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, LTChar):
                yield item
            elif isinstance(item, LTFigure):
                stack.append(iter(item))
                break
        else:
            stack.pop()


def _without_overprint(characters: Iterator[LTChar]) -> list[LTChar]:
    """Each character once: bold is feigned by drawing a word again a hair's breadth away.

    Only what is drawn again together is dropped. A single character at the place of another may be
    the one that its line needs.
    """
    items = list(characters)
    drawn: dict[tuple[str, int, int], int] = {}
    again: list[int | None] = []
    for index, item in enumerate(items):
        text, step = item.get_text(), max(item.size * 0.12, 0.1)
        column, row = round(item.x0 / step), round(item.y0 / step)
        near = ((text, column + i, row + j) for i in (0, -1, 1) for j in (0, -1, 1))
        again.append(next((drawn[key] for key in near if key in drawn), None))
        drawn.setdefault((text, column, row), index)
    return [
        item
        for index, item in enumerate(items)
        if again[index] is None
        or again[index] != index - 1
        and again[max(index - 1, 0)] is None
        and again[min(index + 1, len(items) - 1)] is None
    ]
