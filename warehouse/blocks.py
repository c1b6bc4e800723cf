"""Pages to text blocks: what stands on a page, in order, and where.

One pass over each page with lexbor. A block is the text of one block element, verse lines kept as
lines, with the path of tags above it and how much of it is link text. Nothing is thrown away here:
which blocks are the page's own text is a question about the whole site, and SQL answers it.
"""

import json
import re
from collections.abc import Iterable, Iterator

import pyarrow as pa
from selectolax.lexbor import LexborHTMLParser

from ingest.page import HTML_TYPES, media_type
from warehouse import tamil
from warehouse.decode import decode, decode_html, decode_text
from warehouse.walk import walk

SCHEMA = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("unread_reason", pa.string()),
        pa.field("encoding", pa.string()),
        pa.field("encoding_evidence", pa.string()),
        pa.field("extractor", pa.string()),
        pa.field("title", pa.string()),
        pa.field("is_title_given", pa.bool_()),
        pa.field("author", pa.string()),
        pa.field("published_at", pa.string()),
        pa.field("repair_count", pa.int64()),
        pa.field("is_truncated", pa.bool_()),
        pa.field(
            "blocks",
            pa.list_(
                pa.struct(
                    [
                        pa.field("ordinal", pa.int32()),
                        pa.field("text", pa.string()),
                        pa.field("path", pa.string()),
                        pa.field("is_heading", pa.bool_()),
                        pa.field("link_codepoints", pa.int32()),
                    ]
                )
            ),
        ),
    ]
)

# A block longer than this is cut at line ends, else at sentence ends: passages are made of blocks.
MAX_BLOCK_CODEPOINTS = 3000

_BLANK_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)")
_SENTENCE_END = re.compile(r"(?<=[.!?।])\s+")
_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_MARKUP = re.compile(r"<[^<>]{0,100}>|\s+")
_CLOSED = re.compile(rb"</(html|body)\s*>", re.IGNORECASE)


def page_blocks(pages: pa.RecordBatch) -> pa.RecordBatch:
    """Landed pages with a body (page_id, content_type, body, record) to rows of SCHEMA."""
    rows = [_page_row(page) for page in pages.to_pylist()]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def _page_row(page: dict) -> dict:
    body, content_type = page["body"], page["content_type"] or ""
    row = dict.fromkeys(SCHEMA.names) | {"page_id": page["page_id"], "blocks": []}
    kind = media_type(body, content_type)
    if kind not in READERS:
        return row | {"unread_reason": f"no reader for {kind or 'content without a type'}"}
    given = _record_metadata(page.get("record"))
    return row | READERS[kind](body, content_type) | given | {"is_title_given": "title" in given}


def _text_row(body: bytes, content_type: str) -> dict:
    decoded = decode_text(body, content_type)
    paragraphs = ((text, "text", False, 0) for text in _BLANK_LINE.split(decoded.text))
    return _row(decoded, "text", paragraphs)


def _html_row(body: bytes, content_type: str) -> dict:
    decoded, tree = decode_html(body, content_type)
    is_open = not _CLOSED.search(body[-2048:]) and not body.rstrip().endswith(b">")
    row = _row(decoded, "blocks", walk(tree.body, "body"))
    return row | _metadata(tree) | {"is_truncated": decoded.is_cut or is_open}


# The readers of the rarer formats are imported when a page of theirs comes: workers stay light.


def _markdown_row(body: bytes, content_type: str) -> dict:
    from warehouse import markdown

    decoded = decode(body, content_type)
    tree = LexborHTMLParser(f"<body>{markdown.to_html(decoded.text)}")
    is_cut = decoded.is_cut or len(decoded.text) > markdown.MAX_CODEPOINTS
    return _row(decoded, "markdown", walk(tree.body, "markdown")) | {"is_truncated": is_cut}


def _wikitext_row(body: bytes, content_type: str) -> dict:
    from warehouse import wikitext

    decoded = decode(body, content_type)
    if wikitext.is_redirect(decoded.text):
        return {"unread_reason": "a redirect"}
    is_cut = decoded.is_cut or len(decoded.text) > wikitext.MAX_CODEPOINTS
    return _row(decoded, "wikitext", wikitext.read_wikitext(decoded.text)) | {
        "is_truncated": is_cut
    }


def _epub_row(body: bytes, content_type: str) -> dict:
    from warehouse import epub

    book = epub.read_epub(body)
    if book.unread_reason:
        return {"unread_reason": book.unread_reason}
    rows = []
    for chapter in book.chapters:
        decoded = decode(chapter.body, "")
        tree = LexborHTMLParser(epub.as_html(decoded.text))
        rows.append(_row(decoded, "epub", walk(tree.body, chapter.path)))
    blocks = [block for row in rows for block in row["blocks"]]
    # A chapter that is not plain UTF-8 speaks for the book.
    return next((row for row in rows if row["encoding"] != "utf-8"), rows[0]) | {
        "title": _clean(book.title),
        "author": _clean(book.author),
        "published_at": _date(book.published_at),
        "repair_count": sum(row["repair_count"] for row in rows),
        "is_truncated": book.missing_count > 0 or any(row["is_truncated"] for row in rows),
        "blocks": [block | {"ordinal": ordinal} for ordinal, block in enumerate(blocks)],
    }


def _pdf_row(body: bytes, content_type: str) -> dict:
    from warehouse.pdf import read_pdf

    read = read_pdf(body)
    if not read.decoded:
        return {"unread_reason": read.unread_reason}
    return _row(read.decoded, "pdf", read.blocks) | {"title": _clean(read.title)}


# What reads which kind of body: (body, content type) to the fields of a row.
READERS = {
    **dict.fromkeys(HTML_TYPES, _html_row),
    "text/plain": _text_row,
    "text/markdown": _markdown_row,
    "text/x-wiki": _wikitext_row,
    "application/pdf": _pdf_row,
    "application/epub+zip": _epub_row,
    # An EPUB packed without care does not begin with its type.
    "application/zip": _epub_row,
}


def _row(decoded, extractor: str, found: Iterable[tuple[str, str, bool, int]]) -> dict:
    blocks, repair_count = [], decoded.repair_count
    for text, path, is_heading, link_codepoints in found:
        repaired = tamil.normalise(text)
        repair_count += repaired.repair_count
        whole = max(len(repaired.text), 1)
        for part in split_block(repaired.text):
            blocks.append(
                {
                    "ordinal": len(blocks),
                    "text": part,
                    "path": path,
                    "is_heading": is_heading,
                    "link_codepoints": min(link_codepoints, whole) * len(part) // whole,
                }
            )
    return {
        "encoding": decoded.encoding,
        "encoding_evidence": decoded.evidence,
        "extractor": extractor,
        "repair_count": repair_count,
        "is_truncated": decoded.is_cut,
        "blocks": blocks,
    }


def split_block(text: str) -> list[str]:
    """A block as it is, or in parts of at most MAX_BLOCK_CODEPOINTS where it can be cut.

    Cut at blank lines first, then lines, then sentence ends, then spaces; a run without any stays.
    """
    if not text:
        return []
    if len(text) <= MAX_BLOCK_CODEPOINTS:
        return [text]
    for pattern, glue in (
        (re.compile(r"\n\n+"), "\n\n"),
        (re.compile(r"\n"), "\n"),
        (_SENTENCE_END, " "),
        (re.compile(" "), " "),
    ):
        pieces = pattern.split(text)
        if len(pieces) > 1:
            return [part for packed in _pack(pieces, glue) for part in split_block(packed)]
    return [text]


def _pack(pieces: list[str], glue: str) -> Iterator[str]:
    """Join neighbours as long as they fit into one block."""
    packed, length = [], 0
    for piece in pieces:
        if packed and length + len(glue) + len(piece) > MAX_BLOCK_CODEPOINTS:
            yield glue.join(packed)
            packed, length = [], 0
        length += len(piece) + (len(glue) if packed else 0)
        packed.append(piece)
    yield glue.join(packed)


def _metadata(tree: LexborHTMLParser) -> dict:
    date = _attribute(tree, "meta[property='article:published_time']", "content")
    date = date or _attribute(tree, "time[datetime]", "datetime")
    title = _attribute(tree, "meta[property='og:title']", "content")
    if not title and (node := tree.css_first("head > title")):
        title = node.text()
    return {
        "title": _clean(title),
        "author": _clean(_attribute(tree, "meta[name=author i]", "content")),
        "published_at": _date(date),
    }


def _record_metadata(record: str | None) -> dict:
    """Title, author and date that came with the page, from an import or a catalogue.

    Only what is there: it goes before what the file says of itself.
    """
    fields = json.loads(record or "{}")

    def first(*names: str) -> str | None:
        return next((str(fields[name]) for name in names if fields.get(name)), None)

    found = {
        "title": _clean(first("title", "headline")),
        "author": _clean(first("author", "authors", "byline")),
        "published_at": _date(first("published_at", "date", "timestamp", "created_at")),
    }
    return {name: value for name, value in found.items() if value}


def _date(text: str | None) -> str | None:
    match = _DATE.search(text or "")
    return match[1] if match else None


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = tree.css_first(selector)
    return node.attributes.get(name) if node else None


def _clean(text: str | None) -> str | None:
    return tamil.normalise(_MARKUP.sub(" ", text or "").replace("\n", " ")).text or None
