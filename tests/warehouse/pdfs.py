"""Small PDFs written by hand, for tests: objects, a table of them, a trailer."""

import zlib

SIMPLE_FONT = (
    "<< /Type /Font /Subtype /TrueType /BaseFont /{name} /Encoding /WinAnsiEncoding"
    " /FirstChar 32 /LastChar 255 /Widths [{widths}] >>"
)


def simple_font(name):
    """An 8-bit font whose characters are those of Windows-1252, whatever it draws for them."""
    return SIMPLE_FONT.format(name=name, widths=" ".join(["500"] * 224))


def unicode_font(objects, text):
    """A font of 16-bit glyphs with a table to Unicode; returns it and the glyph of each letter."""
    glyphs = {letter: index for index, letter in enumerate(sorted(set(text)), start=1)}
    pairs = "\n".join(
        f"<{glyph:04x}> <{letter.encode('utf-16-be').hex()}>" for letter, glyph in glyphs.items()
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(glyphs)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
    )
    table = add(objects, stream(cmap.encode()))
    info = "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    child = add(
        objects,
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Latha /CIDSystemInfo {info} /DW 500 >>",
    )
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /Latha /Encoding /Identity-H"
        f" /DescendantFonts [{child} 0 R] /ToUnicode {table} 0 R >>"
    )
    return font, glyphs


def stream(data, filters="", extra=""):
    head = f"<< /Length {len(data)} {f'/Filter {filters}' if filters else ''} {extra} >>\nstream\n"
    return head.encode() + data + b"\nendstream"


def add(objects, body):
    objects.append(body if isinstance(body, bytes) else body.encode())
    return len(objects) + 2  # 1 is the catalogue and 2 the tree of pages


def show(lines, x=72, top=720, size=12, leading=16, font="F1"):
    """Content that draws lines of bytes, one below the other."""
    drawn = [
        f"BT /{font} {size} Tf {x} {top - i * leading} Td <{line.hex()}> Tj ET"
        for i, line in enumerate(lines)
    ]
    return "\n".join(drawn).encode()


def pdf(contents, objects=(), fonts="", info="", trailer="", xobjects=""):
    """A PDF with a page for each content stream (bytes, or a whole stream object)."""
    objects = list(objects)
    pages = []
    for content in contents:
        body = (
            content if content.startswith(b"<<") else stream(zlib.compress(content), "/FlateDecode")
        )
        number = add(objects, body)
        pages.append(
            add(
                objects,
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
                f" /Resources << /Font << {fonts} >> /XObject << {xobjects} >> >>"
                f" /Contents {number} 0 R >>",
            )
        )
    kids = " ".join(f"{number} 0 R" for number in pages)
    whole = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *objects,
    ]
    if info:
        whole.append(f"<< {info} >>".encode("latin-1"))
        trailer += f" /Info {len(whole)} 0 R"
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(whole, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(whole) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(whole) + 1} /Root 1 0 R {trailer} >>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


def text_pdf(pages, font="Helvetica", **options):
    """Pages of lines of bytes in one 8-bit font."""
    objects = [simple_font(font).encode()]
    return pdf([show(lines) for lines in pages], objects, fonts="/F1 3 0 R", **options)
