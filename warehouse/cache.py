"""The cached blocks: one file for each raw file, named by what made it.

The name is the hash of the raw file and the version of the code that read it, so a rebuild reads
only what is new, a killed build costs one file, and workers need not talk to each other.
"""

import hashlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest import page
from ingest.errors import LakeError
from warehouse.pages import die_with_parent, make_blocks
from warehouse.snapshots import file_sha256

# What turns bodies into blocks: modules of this folder, and libraries.
MODULES = (
    *("pages", "blocks", "decode", "tamil", "tscii", "charts", "fonts", "walk"),
    *("pdf", "pdf_pages", "pdf_bounds", "pdf_layout"),
    *("epub", "markdown", "wikibalance", "wikitext"),
)
PACKAGES = ("lxml", "markdown-it-py", "mwparserfromhell", "pdfminer.six", "regex", "selectolax")


def cache_blocks(
    lake: Path, files: list[Path], threads: int, progress: Callable[[str, int, int], None]
) -> list[tuple[str, Path]]:
    """(sha256, blocks file) of each raw file, in their order; missing ones are made.

    Raises LakeError for a raw file that is not readable Parquet of pages.
    """
    folder = lake / "blocks"
    folder.mkdir(parents=True, exist_ok=True)
    version = code_hash()
    hashes = [file_sha256(path) for path in files]
    made = [folder / f"{digest[:32]}-{version[:16]}.parquet" for digest in hashes]
    missing = {
        made_path: raw
        for made_path, raw in zip(made, files, strict=True)
        if not _is_whole(made_path)
    }
    for done, _ in enumerate(_make_all(missing, threads), start=1):
        progress("reading pages", done, len(missing))
    return list(zip(hashes, made, strict=True))


def _is_whole(made: Path) -> bool:
    """Whether a cached file is there and readable; a damaged one is made again."""
    try:
        pq.read_metadata(made)
        return True
    except (OSError, pa.ArrowInvalid):
        return False


def _make_all(missing: dict[Path, Path], threads: int):
    if threads == 1 or len(missing) < 2:
        yield from map(make_blocks, missing.values(), missing)
        return
    # Spawned, not forked: DuckDB and Arrow have threads running.
    context = multiprocessing.get_context("spawn")
    workers = min(threads, len(missing))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=die_with_parent) as pool:
        try:
            yield from pool.map(make_blocks, missing.values(), missing)
        except BrokenProcessPool as error:
            raise LakeError(
                "a worker that read pages was killed, perhaps for want of memory: "
                "run the build again with --threads 1"
            ) from error


def code_hash() -> str:
    """Version of what turns bodies into blocks: its modules and the libraries under them."""
    digest = hashlib.sha256(Path(page.__file__).read_bytes())
    for name in MODULES:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    for package in PACKAGES:
        digest.update(metadata.version(package).encode())
    return digest.hexdigest()
