"""The kinds `aadhan import` reads: what each is, what its files are called, which module reads it.

A table apart from the readers, so that --help shows it without loading any of them. Every module
has `read(file, reading)`, which yields the records of one file (see ingest/importers/record.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One way in. `is_dated`: its records bring their own time, so they are versions in time."""

    about: str
    endings: tuple[str, ...]
    module: str
    is_dated: bool = False
    category: str = "book"


_WARC = tuple(f"{stem}{more}" for stem in (".warc", ".arc") for more in ("", ".gz"))
_WET = (".wet", ".wet.gz")
_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")

KINDS = {
    "warc": Kind("web archives (.warc, .warc.gz): the responses in them", _WARC, "warc", True),
    "wet": Kind("Common Crawl's text extracts (.wet, .wet.gz)", _WET, "wet", True),
    "mediawiki": Kind(
        "XML exports of MediaWiki (.xml, .xml.bz2, .xml.gz): articles as wikitext",
        (".xml", ".xml.bz2", ".xml.gz"),
        "mediawiki",
        True,
        "encyclopedia",
    ),
    "jsonl": Kind(
        "JSON lines, JSON arrays, conversation packs (.jsonl, .ndjson, .json, each also .gz)",
        (*_LINES, ".json", ".json.gz"),
        "jsonl",
    ),
    "parquet": Kind("Parquet with a column of text", (".parquet",), "tables"),
    "hf": Kind(
        "folders of Hugging Face datasets (.arrow, .parquet, .jsonl): saved, cached or cloned",
        (".arrow", ".parquet", *_LINES, ".json", ".json.gz"),
        "hf",
    ),
    "text": Kind("plain text (.txt): a record per file, or --per-line", (".txt",), "text"),
    "markdown": Kind(
        "Markdown (.md, .markdown) with its front matter", (".md", ".markdown"), "markdown"
    ),
    "html": Kind("a folder of HTML (.html, .htm, .xhtml)", (".html", ".htm", ".xhtml"), "html"),
    "epub": Kind("e-books (.epub) without copy protection", (".epub",), "epub"),
    "pdf": Kind("PDF files (.pdf)", (".pdf",), "pdf"),
}
# Files of other compressions are told apart from files of other kinds: they can be unpacked.
UNREAD_ENDINGS = (".zst", ".xz", ".lz4", ".7z", ".rar", ".tar")
