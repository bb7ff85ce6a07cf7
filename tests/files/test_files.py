"""Stored files: what is taken in, how it lies there, how it is handed out."""

import hashlib
import io
import os
import struct
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image

from files.actions import discard, store, sweep_orphans
from files.models import Blob
from files.refusals import FileRefused
from files.rendering import opened, page_png
from files.selectors import BlobDamaged, open_blob
from files.serving import serve
from tests.cast import Cast
from tests.core.workbook_files import HEADERS, PUPIL, xlsx, zipped
from tests.support.scanner import daemon


def jpeg_with_place() -> bytes:
    """A photo as a phone takes it: lying on its side, with a place and a comment."""
    image = Image.new("RGB", (60, 40), "navy")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "SECRET-PLACE"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, comment=b"SECRET-COMMENT")
    return buffer.getvalue()


def pdf() -> bytes:
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 200)
    buffer = io.BytesIO()
    document.save(buffer)
    document.close()
    return buffer.getvalue()


def pdf_with_a_lost_page() -> bytes:
    """Two pages by its own word, of which the second is nowhere."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 9 0 R] /Count 2 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 4\n0000000000 65535 f \n" + table + end


def test_a_pdf_with_a_page_that_cannot_be_shown_is_refused_wherever_it_is_read(cast: Cast) -> None:
    content = pdf_with_a_lost_page()
    with pytest.raises(FileRefused) as refused:
        store(actor=cast.clerk, content=content, filename="a.pdf", allowed=["pdf"])
    assert refused.value.code == "damaged"
    assert page_png(content, 1).startswith(b"\x89PNG")
    with pytest.raises(FileRefused):
        page_png(content, 2)


def test_one_thread_at_a_time_uses_pdfium() -> None:
    content = pdf()
    pages: list[bytes] = []
    other = threading.Thread(target=lambda: pages.append(page_png(content, 1)))
    with opened(content):
        other.start()
        other.join(timeout=1)
        assert other.is_alive()
    other.join()
    assert len(pages) == 1


def stored_files() -> set[Path]:
    root = Path(settings.MEDIA_ROOT)
    return {path for path in root.rglob("*") if path.is_file()} if root.exists() else set()


@pytest.mark.requirement("S0-6.2-2")
def test_content_lies_encrypted_under_a_name_that_tells_nothing(cast: Cast) -> None:
    content = xlsx([HEADERS, PUPIL])
    before = stored_files()
    blob = store(actor=cast.clerk, content=content, filename="王小明.xlsx", allowed=["xlsx"])
    (path,) = stored_files() - before
    assert b"PK" not in path.read_bytes()[:64]
    assert "王小明" not in str(path)
    assert blob.sha256 == hashlib.sha256(content).hexdigest()
    assert (blob.size, open_blob(Blob.objects.get(pk=blob.pk))) == (len(content), content)


def test_a_changed_or_exchanged_file_is_not_handed_out(cast: Cast) -> None:
    one = store(actor=cast.clerk, content=b"a,b\n1,2\n", filename="1.csv", allowed=["csv"])
    two = store(actor=cast.clerk, content=b"a,b\n3,4\n", filename="2.csv", allowed=["csv"])
    root = Path(settings.MEDIA_ROOT)
    (root / one.storage_key).write_bytes((root / two.storage_key).read_bytes())
    with pytest.raises(BlobDamaged):
        open_blob(one)
    (root / two.storage_key).unlink()
    with pytest.raises(BlobDamaged):
        open_blob(two)


def test_a_photo_loses_what_the_camera_wrote_and_stands_upright(cast: Cast) -> None:
    blob = store(actor=cast.clerk, content=jpeg_with_place(), filename="a.jpg", allowed=["jpeg", "png"])
    content = open_blob(blob)
    assert b"SECRET" not in content
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (40, 60)
        assert not image.getexif()


def test_a_grey_scan_of_sixteen_bits_keeps_its_greys(cast: Cast) -> None:
    scan = Image.frombytes("I;16", (4, 1), struct.pack("<4H", 0, 0x4000, 0x8000, 0xFFFF))
    buffer = io.BytesIO()
    scan.save(buffer, "PNG")
    blob = store(actor=cast.clerk, content=buffer.getvalue(), filename="a.png", allowed=["png"])
    with Image.open(io.BytesIO(open_blob(blob))) as image:
        assert list(image.convert("L").tobytes()) == [0, 0x40, 0x80, 0xFF]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff\xe0 cut", "damaged"),
        (b"%PDF-1.7 cut", "damaged"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "unknown_type"),
        (b"a,b\n1,2\n", "type_not_allowed"),
        (zipped({"a.xlsx": xlsx([HEADERS])}), "type_not_allowed"),
    ],
)
def test_what_is_no_scan_is_refused_and_leaves_nothing(cast: Cast, content: bytes, code: str) -> None:
    before = stored_files()
    with pytest.raises(FileRefused) as refused:
        store(actor=cast.clerk, content=content, filename="a.jpg", allowed=["jpeg", "png", "pdf"])
    assert refused.value.code == code
    assert refused.value.message
    assert stored_files() == before
    assert not Blob.objects.exists()


def test_a_picture_of_too_many_pixels_is_refused(cast: Cast) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(buffer, "PNG")
    with pytest.raises(FileRefused) as refused:
        store(actor=cast.clerk, content=buffer.getvalue(), filename="a.png", allowed=["png"])
    assert refused.value.code == "too_many_pixels"


def test_only_pictures_and_pdfs_are_shown_in_the_browser(cast: Cast) -> None:
    table = store(actor=cast.clerk, content=b"a,b\n1,2\n", filename="名单.csv", allowed=["csv"])
    scan = store(actor=cast.clerk, content=pdf(), filename="a.pdf", allowed=["pdf"])
    response = serve(table, "inline")
    assert response["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E5%90%8D")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert serve(scan, "inline")["Content-Disposition"].startswith("inline")


@pytest.mark.requirement("S0-2.4-3")
def test_what_a_rolled_back_transaction_stored_is_swept(cast: Cast) -> None:
    before = stored_files()
    kept = store(actor=cast.clerk, content=b"a,b\n1,2\n", filename="kept.csv", allowed=["csv"])
    with pytest.raises(RuntimeError), transaction.atomic():
        store(actor=cast.clerk, content=b"a,b\n3,4\n", filename="lost.csv", allowed=["csv"])
        raise RuntimeError
    assert len(stored_files() - before) == 2
    assert sweep_orphans() == 0
    assert sweep_orphans(older_than=timedelta(0)) >= 1
    assert stored_files() - before == {Path(settings.MEDIA_ROOT) / kept.storage_key}


def test_what_was_discarded_goes_even_if_the_process_dies_at_its_commit(cast: Cast) -> None:
    before = stored_files()
    kept = store(actor=cast.clerk, content=b"a,b\n1,2\n", filename="kept.csv", allowed=["csv"])
    gone = store(actor=cast.clerk, content=b"a,b\n3,4\n", filename="gone.csv", allowed=["csv"])
    with pytest.raises(RuntimeError), transaction.atomic():
        discard(kept)
        raise RuntimeError
    discard(gone)
    discard(gone)
    assert sweep_orphans(older_than=timedelta(0)) >= 1
    assert stored_files() - before == {Path(settings.MEDIA_ROOT) / kept.storage_key}
    assert Blob.objects.filter(discarded__isnull=False).get() == gone


def test_a_storage_that_fails_after_the_commit_stops_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    gone = store(actor=cast.clerk, content=b"a,b\n3,4\n", filename="gone.csv", allowed=["csv"])
    after = []

    def fails(key: str) -> None:
        raise OSError(key)

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(default_storage, "delete", fails)
        discard(gone)
        transaction.on_commit(lambda: after.append("told"))
    assert after == ["told"]


def test_an_orphan_of_long_ago_is_swept_too(db: None) -> None:
    lost = Path(settings.MEDIA_ROOT) / "2024/02/29/lost"
    lost.parent.mkdir(parents=True, exist_ok=True)
    lost.write_bytes(b"left over")
    os.utime(lost, (1709200000, 1709200000))
    assert sweep_orphans() >= 1
    assert not lost.exists()


def test_the_scanner_decides_and_its_silence_is_a_no(cast: Cast, settings: Any) -> None:
    with daemon(settings):
        assert store(actor=cast.clerk, content=b"a,b\n1,2\n", filename="a.csv", allowed=["csv"])
        with pytest.raises(FileRefused) as refused:
            store(actor=cast.clerk, content=b"a,b\nEICAR,2\n", filename="a.csv", allowed=["csv"])
        assert refused.value.code == "infected"
    with pytest.raises(FileRefused) as silent:
        store(actor=cast.clerk, content=b"a,b\n5,6\n", filename="a.csv", allowed=["csv"])
    assert silent.value.code == "scanner_silent"
    assert Blob.objects.count() == 1
