"""Deterministic Tamil material for benchmarks, made from a small vocabulary.

The same number gives the same page on every machine.
"""

import io
import json
import random
from pathlib import Path

WORDS = (
    "அம்மா அப்பா ஆடு இலை ஈட்டி உரல் ஊர் எலி ஏணி ஐந்து ஒட்டகம் ஓடம் கடல் மலை வானம் மழை நிலம் நெல் "
    "வயல் ஆறு குளம் மரம் பூ காய் கனி தமிழ் மொழி நூல் பாட்டு கவிதை கதை பள்ளி ஆசிரியர் மாணவர் அரசு "
    "நகரம் தெரு வீடு கதவு சாளரம் விளக்கு நேற்று இன்று நாளை வந்தான் போனாள் பார்த்தார்கள் சொன்னது "
    "கேட்டேன் படித்தோம் எழுதினார் நடந்தது செய்தி மக்கள் ஆண்டு கோயில் திருவிழா வணிகம் உழவர் சந்தை"
).split()
ENDINGS = ("", "", "", "உம்", "ஆல்", "இல்", "ஐ", "கள்", "க்கு", "இன்", "ஓடு", "ஆன")
PAGE_BYTES = 30_000


def paragraph(chance: random.Random, words: int = 60) -> str:
    return " ".join(chance.choice(WORDS) + chance.choice(ENDINGS) for _ in range(words)) + "."


def text(number: int, size: int) -> str:
    """About `size` bytes of paragraphs."""
    chance, pieces, length = random.Random(number), [], 0
    while length < size:
        pieces.append(paragraph(chance))
        length += len(pieces[-1].encode()) + 2
    return "\n\n".join(pieces)


def html(number: int, size: int = PAGE_BYTES) -> bytes:
    body = "".join(
        f"<p class='c{n % 7}'>{p}</p>\n" for n, p in enumerate(text(number, size).split("\n\n"))
    )
    head = f"<meta charset='utf-8'><title>பக்கம் {number}</title>"
    return f"<!doctype html><html lang='ta'><head>{head}</head><body>{body}</body></html>".encode()


def write_warc(path: Path, pages: int) -> int:
    """A WARC.gz of so many responses with digests; the bytes of HTML in it."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    total = 0
    with open(path, "wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number in range(pages):
            body = html(number)
            total += len(body)
            headers = StatusAndHeaders(
                "200 OK",
                [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))],
                protocol="HTTP/1.1",
            )
            writer.write_record(
                writer.create_warc_record(
                    f"https://bench.example/{number // 100}/{number}.html",
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=headers,
                    warc_headers_dict={"WARC-Date": "2026-01-01T00:00:00Z"},
                )
            )
    return total


def write_jsonl(path: Path, records: int) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for number in range(records):
            row = {"id": number, "text": text(number, PAGE_BYTES // 3)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_mediawiki(path: Path, pages: int) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write("<mediawiki xml:lang='ta'><siteinfo><sitename>Bench</sitename>")
        file.write("<base>https://bench.example/wiki/Main</base></siteinfo>\n")
        for number in range(pages):
            file.write(
                f"<page><title>பக்கம் {number}</title><ns>0</ns><id>{number}</id><revision>"
                f"<id>{number}</id><timestamp>2026-01-01T00:00:00Z</timestamp>"
                f"<model>wikitext</model><text>{text(number, PAGE_BYTES // 3)}</text>"
                "</revision></page>\n"
            )
        file.write("</mediawiki>\n")
