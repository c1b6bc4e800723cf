"""Speed and memory of the readers on generated text, each beside a plain use of its library.

    python bench/readers.py [MEGABYTES]

The text is the same on every run. An alternative keeps what the reader takes out (references,
tables, code, covers) and has no lines, paths or link counts; it shows what these cost. Each runs
in a process of its own; compare ratios, not the figures of two machines.
"""

import io
import itertools
import multiprocessing
import resource
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from selectolax.lexbor import LexborHTMLParser

sys.path.insert(0, str(Path(__file__).parents[1]))
from warehouse.blocks import page_blocks

SENTENCES = (
    "மாலையில் மழை வலுத்ததால் கடைத்தெருவில் ஆள் நடமாட்டம் குறைந்தது.",
    "பாட்டி திண்ணையில் உட்கார்ந்து பழைய கதை ஒன்றைச் சொல்லத் தொடங்கினாள்.",
    "ஆற்றங்கரை ஓரமாக நடந்தவர்கள் விளக்கொளியில் மீன்கள் துள்ளுவதைக் கண்டார்கள்.",
    "நூலகத்தின் மூன்றாம் அடுக்கில் அந்த நூல் பல ஆண்டுகளாகத் தூங்கிக்கொண்டிருந்தது.",
    "விடிந்ததும் வயலுக்குப் போனவன் வரப்பில் நின்று வானத்தைப் பார்த்தான்.",
)
PAGE_BYTES = 20_000
BOOK_PAGES = 25


def paragraphs() -> list[str]:
    order = itertools.permutations(SENTENCES, 4)
    return [" ".join(chosen) for chosen in itertools.islice(order, 30)]


def wikitext() -> bytes:
    parts = ["{{Infobox person\n| name = வளவன்\n| born = {{birth date|1921|3|4}}\n}}"]
    for number, text in enumerate(paragraphs()):
        first, rest = text.split(" ", 1)
        parts.append(f"'''{first}''' [[{first}|{rest}]]<ref>{{{{cite book|title={first}}}}}</ref>")
        parts.append(f"{text} ''{first}'' [[கோப்பு:a.jpg|thumb|{first}]]")
        if number % 5 == 0:
            parts.append(f"== {first} ==\n* [[{first}]]\n* {rest}")
            parts.append("{| class=wikitable\n|-\n! அ !! ஆ\n|-\n| இ || ஈ\n|}")
    return "\n\n".join(parts).encode()[:PAGE_BYTES]


def markdown() -> bytes:
    parts = ["---\ntitle: வளவன்\n---"]
    for number, text in enumerate(paragraphs()):
        first, rest = text.split(" ", 1)
        parts.append(f"**{first}** [{rest}](http://a.example/) ![{first}](a.png)")
        parts.append(text.replace(". ", ".\n"))
        if number % 5 == 0:
            parts.append(f"## {first}\n\n* {first}\n* {rest}\n\n```sh\nls -l\n```")
    return "\n\n".join(parts).encode()[:PAGE_BYTES]


def html() -> bytes:
    text = "".join(f"<p>{one[:40]}<a href=/>{one[40:60]}</a>{one[60:]}</p>" for one in paragraphs())
    return f"<html><body>{text}</body></html>".encode()


def epub() -> bytes:
    names = [f"c{number}.xhtml" for number in range(BOOK_PAGES)]
    media_type = "application/xhtml+xml"
    items = "".join(f'<item id="{n}" href="{n}" media-type="{media_type}"/>' for n in names)
    spine = "".join(f'<itemref idref="{n}"/>' for n in names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/container.xml", '<container><rootfile full-path="a.opf"/></container>'
        )
        opf = f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>"
        archive.writestr("a.opf", opf)
        for name in names:
            archive.writestr(name, html())
    return out.getvalue()


def reader(content_type: str) -> Callable[[bytes], int]:
    def read(body: bytes) -> int:
        row = {"page_id": "p", "content_type": content_type, "body": body}
        (page,) = page_blocks(pa.RecordBatch.from_pylist([row])).to_pylist()
        return sum(len(block["text"]) for block in page["blocks"])

    return read


def strip_code(body: bytes) -> int:
    import mwparserfromhell

    return len(mwparserfromhell.parse(body.decode("utf-8", "ignore")).strip_code())


def render(body: bytes) -> int:
    from markdown_it import MarkdownIt

    return lexbor_text(MarkdownIt().render(body.decode("utf-8", "ignore")).encode())


def unzip(body: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xhtml")]
        return sum(lexbor_text(archive.read(name)) for name in names)


def lexbor_text(body: bytes) -> int:
    tree = LexborHTMLParser(body)
    return len(tree.body.text()) if tree.body else 0


# What is read: (how, maker of a page, the reader). An EPUB counts as its text, not its archive.
CASES = [
    ("HTML", "aadhan", html, reader("text/html")),
    ("HTML", "lexbor text", html, lexbor_text),
    ("wikitext", "aadhan", wikitext, reader("text/x-wiki")),
    ("wikitext", "mwparserfromhell strip_code", wikitext, strip_code),
    ("Markdown", "aadhan", markdown, reader("text/markdown")),
    ("Markdown", "markdown-it-py and lexbor text", markdown, render),
    ("EPUB", "aadhan", epub, reader("application/epub+zip")),
    ("EPUB", "zipfile and lexbor text", epub, unzip),
]


def measure(number: int, megabytes: float) -> tuple[float, int, float]:
    """(MB per CPU-second, codepoints of text from a page, peak memory in MB)."""
    _, _, make, read = CASES[number]
    body = make()
    page_bytes = len(html()) * BOOK_PAGES if make is epub else len(body)
    codepoints = read(body)  # imports are not counted
    rounds = max(1, int(megabytes * 1e6 / page_bytes))
    started = time.process_time()
    for _ in range(rounds):
        read(body)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return rounds * page_bytes / 1e6 / seconds, codepoints, peak


def main(megabytes: float) -> None:
    print(f"{'format':10}{'reader':34}{'MB/CPU-s':>10}{'codepoints':>12}{'peak MB':>9}")
    context = multiprocessing.get_context("spawn")
    for number, (name, how, _, _) in enumerate(CASES):
        with context.Pool(1) as pool:
            speed, codepoints, peak = pool.apply(measure, (number, megabytes))
        print(f"{name:10}{how:34}{speed:10.2f}{codepoints:12,}{peak:9.0f}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 5)
