"""Bounds for pdfminer.six: what a document may unpack, counted in bytes and entries of tables.

A few hundred bytes of a PDF can unpack to gigabytes, or ask for a table of a billion letters.
pdfminer has no settings against either, so while a document is read its modules see bounded
functions in place of zlib, of its own decoders and of `range`.
"""

import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pdfminer import cmapdb, pdfdocument, pdffont, pdftypes
from pdfminer.lzw import LZWDecoder
from pdfminer.pdfexceptions import PDFException

# Bytes that streams unpack to, and entries of tables that are given as ranges, in all.
MAX_UNPACKED = 150_000_000


class TooLarge(PDFException):
    """The document asks for more than the bounds; it never leaves the reader of PDFs."""


class _Budget:
    def __init__(self):
        self.left = MAX_UNPACKED

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise TooLarge(f"it unpacks to more than {MAX_UNPACKED:,} bytes")


@contextmanager
def bounded() -> Iterator[None]:
    """pdfminer within bounds, and without its warnings."""
    budget = _Budget()

    def unpacked_range(*bounds: int) -> range:
        steps = range(*bounds)
        budget.spend(max(steps.stop - steps.start, 0) if steps.step > 0 else 0)
        return steps

    names = [
        (pdftypes, "zlib", _Zlib(budget)),
        (pdftypes, "decompress_corrupted", lambda data: _inflate(data, budget)),
        (pdftypes, "lzwdecode", lambda data: _lzw(data, budget)),
        (pdftypes, "rldecode", lambda data: _run_lengths(data, budget)),
        *((module, "range", unpacked_range) for module in (cmapdb, pdfdocument, pdffont)),
    ]
    missing = object()
    before = [(module, name, vars(module).get(name, missing)) for module, name, _ in names]
    try:
        for module, name, value in names:
            setattr(module, name, value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for module, name, value in before:
            if value is missing:
                delattr(module, name)
            else:
                setattr(module, name, value)


class _Zlib:
    """The two names of zlib that pdfminer uses."""

    error = zlib.error

    def __init__(self, budget: _Budget):
        self._budget = budget

    def decompress(self, data: bytes) -> bytes:
        inflater = zlib.decompressobj()
        unpacked = inflater.decompress(data, max(self._budget.left, 0) + 1)
        self._budget.spend(len(unpacked))
        if not inflater.eof:
            raise zlib.error("incomplete stream")
        return unpacked


def _inflate(data: bytes, budget: _Budget) -> bytes:
    """What can be had of a damaged stream."""
    inflater, parts = zlib.decompressobj(), []
    try:
        for start in range(0, len(data), 64):
            parts.append(inflater.decompress(data[start : start + 64], budget.left + 1))
            budget.spend(len(parts[-1]))
    except zlib.error:
        pass
    return b"".join(parts)


def _lzw(data: bytes, budget: _Budget) -> bytes:
    parts = []
    for part in LZWDecoder(io.BytesIO(data)).run():
        budget.spend(len(part))
        parts.append(part)
    return b"".join(parts)


def _run_lengths(data: bytes, budget: _Budget) -> bytes:
    """RunLengthDecode: n < 128 copies the next n + 1 bytes, n > 128 repeats one 257 - n times."""
    parts, place = [], 0
    while place < len(data) and data[place] != 128:
        length = data[place]
        if length < 128:
            parts.append(data[place + 1 : place + 2 + length])
            place += length + 2
        else:
            parts.append(data[place + 1 : place + 2] * (257 - length))
            place += 2
        budget.spend(len(parts[-1]))
    return b"".join(parts)
