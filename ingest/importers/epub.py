"""E-books: an EPUB lands whole, with title, author, language and date of its package file.

A book under copy protection is counted, named and does not land: nobody could read it. Obscured
fonts are no protection. Metadata are read from a bounded part of the file, without DTDs or
entities; where they cannot be read the book lands without.
"""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from ingest.importers.record import Reading, Record
from ingest.importers.xml import elements

CONTENT_TYPE = "application/epub+zip"
MAX_XML_BYTES = 1 << 20
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_LICENCES = ("META-INF/rights.xml", "META-INF/sinf.xml", "META-INF/license.lcpl")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError)
_FIELDS = {"title": "title", "creator": "author", "language": "language", "date": "published_at"}
_FIELDS |= {"publisher": "publisher", "identifier": "identifier", "rights": "rights"}


def read(file: Path, reading: Reading) -> Iterator[Record]:
    body = reading.whole_file(file)
    if body is None:
        return
    try:
        with zipfile.ZipFile(file) as book:
            if not _is_epub(book):
                _refuse(reading, file, "not an EPUB", "is a zip file, but no EPUB is in it")
                return
            if _is_protected(book):
                _refuse(reading, file, "copy-protected", "is copy-protected and cannot be read")
                return
            fields = _metadata(book)
    except _BROKEN as error:
        _refuse(reading, file, "not an EPUB", f"is no EPUB or is damaged ({error})")
        return
    address = reading.address(file)
    yield Record(address, address, body, CONTENT_TYPE, fields)


def _refuse(reading: Reading, file: Path, reason: str, text: str) -> None:
    reading.counts[reason] += 1
    reading.note(f"{file} {text}")


def _is_epub(book: zipfile.ZipFile) -> bool:
    return "META-INF/container.xml" in book.namelist()


def _is_protected(book: zipfile.ZipFile) -> bool:
    names = book.namelist()
    if any(licence in names for licence in _LICENCES):
        return True
    if any(info.flag_bits & 1 for info in book.infolist()):
        return True
    if "META-INF/encryption.xml" not in names:
        return False
    try:
        found = elements(_head(book, "META-INF/encryption.xml"))
        algorithms = [at.get("Algorithm") for name, at, _ in found if name == "EncryptionMethod"]
    except (expat.ExpatError, ValueError):
        return True
    return any(algorithm not in _FONTS_ONLY for algorithm in algorithms)


def _metadata(book: zipfile.ZipFile) -> dict:
    """Dublin Core of the package file; the first value of each field."""
    fields: dict = {}
    try:
        container = elements(_head(book, "META-INF/container.xml"))
        packages = [at.get("full-path", "") for name, at, _ in container if name == "rootfile"]
        for name, _, text in elements(_head(book, packages[0])) if packages else ():
            if name in _FIELDS and text.strip():
                fields.setdefault(_FIELDS[name], " ".join(text.split())[:1000])
    except (expat.ExpatError, ValueError, KeyError):
        pass
    return fields


def _head(book: zipfile.ZipFile, name: str) -> bytes:
    with book.open(name) as member:
        data = member.read(MAX_XML_BYTES + 1)
    if len(data) > MAX_XML_BYTES:
        raise ValueError(f"{name} is too large")
    return data
