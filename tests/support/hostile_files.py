"""Files as an attacker sends them: two kinds in one, bombs, scripts under a picture's name."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

from PIL import Image

SCRIPT = b"<?php system($_GET['c']); ?><script>alert(document.cookie)</script>"
GIF_SCRIPT = b"GIF89a/*\x01\x00\x01\x00\x80\x00\x00*/=1;alert(document.cookie);//;"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


def jpeg(size: tuple[int, int] = (60, 40), **extra: object) -> bytes:
    """A plain JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, "JPEG", **extra)
    return out.getvalue()


def jpeg_from_a_phone() -> bytes:
    """A JPEG with the place where it was taken, the owner's name and a comment."""
    exif = Image.Exif()
    exif[0x013B] = "SECRET-OWNER"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (30.0, 33.0, 1.0), 3: "E", 4: (114.0, 18.0, 2.0), 29: "2026:09:01"}
    )
    return jpeg(exif=exif, comment=b"SECRET-COMMENT")


def pdf(*parts: bytes, pages: int = 1, catalogue: bytes = b"") -> bytes:
    """A small PDF written by hand. ``parts``: further objects, numbered from 1000; ``catalogue``: more of the root."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(pages))
    objects: list[tuple[int, bytes]] = [
        (1, b"<</Type/Catalog/Pages 2 0 R" + catalogue + b">>"),
        (2, b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages),
    ]
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 1000 0 R/Resources<</XObject<</I 1001 0 R>>>>>>"
    objects += [(3 + number, leaf) for number in range(pages)]
    objects += list(enumerate(parts, 1000))
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n")
    for number, body in objects:
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, place in sorted(places.items()):
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (max(places) + 1, start))
    return out.getvalue()


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A PDF stream object."""
    return b"<<" + entries + b"/Length %d>>\nstream\n%s\nendstream" % (len(content), content)


def pdf_packed(hidden: bytes, filters: bytes = b"/FlateDecode", entries: bytes = b"/Type/ObjStm") -> bytes:
    """A PDF whose catalogue opens ``hidden``, an object within an object stream that was packed by ``filters``."""
    inside = b"5 0 " + hidden
    if b"Flate" in filters:
        inside = zlib.compress(inside)
    if b"ASCIIHex" in filters:
        inside = inside.hex().encode() + b">"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 5 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
        stream(inside, entries + b"/N 1/First 4/Filter" + filters),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = [(0, 0, 65535), *((1, place, 0) for place in places), (2, 4, 0), (1, len(out), 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    xref = stream(table, b"/Type/XRef/Size 7/W[1 4 2]/Root 1 0 R")
    return out + b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (xref, len(out))


def pdf_bomb(megabytes: int = 100) -> bytes:
    """A PDF of a kilobyte whose page takes minutes and gigabytes to draw."""
    packer = zlib.compressobj(9)
    lines = b"0 0 m 9 9 l S \n" * 70_000
    inner = b"".join([*(packer.compress(lines) for _ in range(megabytes)), packer.flush()])
    page = stream(zlib.compress(inner, 9), b"/Filter[/FlateDecode/FlateDecode]")
    return pdf(page, stream(b""))


def png_bomb() -> bytes:
    """A PNG of some kilobytes that unpacks to 200 million pixels."""
    out = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(out, "PNG")
    return out.getvalue()


def zip_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A ZIP with these names just as they are written."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zip_bomb() -> bytes:
    """A ZIP of a third of a megabyte that unpacks to 300 MB."""
    return zip_of([(f"{number}.jpg", bytes(10 << 20)) for number in range(30)])
