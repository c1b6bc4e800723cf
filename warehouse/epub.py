"""EPUB to its chapters, in reading order; zipfile and lxml suffice for what a corpus needs.

An EPUB is a zip archive: META-INF/container.xml names the package document, whose spine lists the
XHTML files as they are read. The chapters go the way of every HTML page (blocks.py). Covers and
tables of contents stay under a path of their own. Nothing is unpacked to the disk, no entity or
address in the XML is followed, and sizes are held before anything is inflated.

It does not decrypt: a book whose text is listed in META-INF/encryption.xml is not read.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

MAX_BOOK_BYTES = 200 << 20  # of all that is inflated
MAX_FILE_BYTES = 20 << 20
MAX_ENTRIES = 20_000
MAX_RATIO = 200  # inflated to deflated; books reach about 10
MIN_BOMB_BYTES = 1 << 20

CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_XHTML = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, MemoryError)
_FURNITURE = re.compile(
    r"(front[-_]?)?cover([-_]?page)?|toc|nav|(table[-_]of[-_])?contents", re.IGNORECASE
)
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"
_SELF_CLOSED = re.compile(rf"<(?!(?:{_VOID})\b)([A-Za-z][\w.:-]{{0,50}})(\s[^<>]{{0,2000}})?/>")


class Chapter(NamedTuple):
    path: str
    body: bytes


class Book(NamedTuple):
    """A book, or why it gave none. `missing_count` tells of chapters that could not be read."""

    unread_reason: str | None = None
    title: str | None = None
    author: str | None = None
    published_at: str | None = None
    chapters: tuple[Chapter, ...] = ()
    missing_count: int = 0


def read_epub(body: bytes) -> Book:
    """The book in an archive; one that cannot be read says why in `unread_reason`."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return _book(archive)
    except (*_DAMAGE, etree.XMLSyntaxError) as error:
        return Book(unread_reason=f"a damaged EPUB: {' '.join(str(error).split())[:200]}")


def as_html(text: str) -> str:
    """XHTML as an HTML parser understands it: `<title/>` would swallow all that follows."""
    return _SELF_CLOSED.sub(r"<\1\2></\1>", text)


def _book(archive: zipfile.ZipFile) -> Book:
    entries = {info.filename: info for info in archive.infolist()}
    if reason := _refusal(entries):
        return Book(unread_reason=reason)
    container = _xml(archive, entries[CONTAINER])
    package_name = next(iter(container.xpath("//*[local-name()='rootfile']/@full-path")), "")
    if package_name not in entries:
        return Book(unread_reason="an EPUB without its package document (OPF)")
    package = _xml(archive, entries[package_name])
    spine = _spine(package, posixpath.dirname(package_name))
    if not spine:
        return Book(unread_reason="an EPUB whose package lists no chapters")
    if _encrypted(archive, entries) & spine.keys():
        return Book(unread_reason="an EPUB under DRM: its text is encrypted")
    if sum(entries[name].file_size for name in spine if name in entries) > MAX_BOOK_BYTES:
        return Book(unread_reason=f"an EPUB of more than {MAX_BOOK_BYTES >> 20} MB of text")
    chapters = tuple(_chapters(archive, entries, spine))
    if not chapters:
        return Book(unread_reason="an EPUB none of whose chapters can be read")
    return Book(
        title=_meta(package, "title"),
        author=", ".join(_metas(package, "creator")) or None,
        published_at=_meta(package, "date"),
        chapters=chapters,
        missing_count=len(spine) - len(chapters),
    )


def _refusal(entries: dict[str, zipfile.ZipInfo]) -> str | None:
    if CONTAINER not in entries:
        return "a zip archive that is no EPUB"
    if len(entries) > MAX_ENTRIES:
        return f"an EPUB of more than {MAX_ENTRIES} files"
    for info in entries.values():
        if info.file_size > max(MIN_BOMB_BYTES, MAX_RATIO * info.compress_size):
            return "an EPUB that inflates beyond measure (a zip bomb)"
    return None


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > MAX_FILE_BYTES:
        raise ValueError(f"{info.filename} is larger than {MAX_FILE_BYTES >> 20} MB")
    return archive.read(info)


def _xml(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    root = etree.fromstring(_read(archive, info), parser)
    if root is None:
        raise ValueError(f"{info.filename} is no XML")
    return root


def _spine(package: etree._Element, folder: str) -> dict[str, str]:
    """Names of the chapters in reading order, each once, with the path of what stands in them."""
    items = {item.get("id"): item for item in package.xpath("//*[local-name()='item']")}
    guide = {
        _name(folder, reference.get("href"))
        for reference in package.xpath("//*[local-name()='reference']")
        if reference.get("type", "").lower() in ("cover", "toc")
    }
    found: dict[str, str] = {}
    for itemref in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']"):
        item = items.get(itemref.get("idref"))
        if item is not None and item.get("media-type", "").lower() in _XHTML:
            name = _name(folder, item.get("href"))
            stem = posixpath.splitext(posixpath.basename(name))[0]
            is_nav = "nav" in item.get("properties", "").split()
            is_furniture = is_nav or name in guide or _FURNITURE.fullmatch(stem)
            found.setdefault(name, "epub>nav" if is_furniture else "epub")
    return found


def _name(folder: str, href: str | None) -> str:
    path = unquote((href or "").partition("#")[0])
    return posixpath.normpath(posixpath.join(folder, path))


def _encrypted(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> set[str]:
    """Names that are encrypted; publishers scramble fonts too, which does not matter."""
    if _ENCRYPTION not in entries:
        return set()
    uris = _xml(archive, entries[_ENCRYPTION]).xpath("//*[local-name()='CipherReference']/@URI")
    return {_name("", str(uri)) for uri in uris}


def _chapters(
    archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], spine: dict[str, str]
) -> Iterator[Chapter]:
    for name, path in spine.items():
        if name in entries:
            try:
                yield Chapter(path, _read(archive, entries[name]))
            except _DAMAGE:
                continue


def _metas(package: etree._Element, name: str) -> list[str]:
    found = package.xpath(f"//*[local-name()='metadata']//*[local-name()='{name}']")
    return [text for element in found if (text := "".join(element.itertext()).strip())]


def _meta(package: etree._Element, name: str) -> str | None:
    return next(iter(_metas(package, name)), None)
