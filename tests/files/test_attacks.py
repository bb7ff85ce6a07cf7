"""Files that pretend, burst or carry something along: refused with words, or stored without what they carried."""

import io
import time
import zlib

import pytest
from PIL import Image

from core.workbook.package import member_name
from enrollment.scan_matching import is_unsafe
from files import pdf
from files.actions import plain_filename, store
from files.models import Blob
from files.refusals import FileRefused
from files.selectors import open_blob
from tests.cast import Cast
from tests.support import hostile_files as hostile

SCANS = ("jpeg", "png", "pdf")
SCRIPT_PDF = hostile.pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>", catalogue=b"/OpenAction 1000 0 R")
HIDDEN_PDF = hostile.pdf(b"<</S/J#61vaScript/J#53(app.alert\\(1\\))>>", catalogue=b"/OpenAction 1000 0 R")
LAUNCH_PDF = hostile.pdf(b"<</S/Launch/F(cmd.exe)>>", catalogue=b"/OpenAction 1000 0 R")
CARRYING_PDF = hostile.pdf(
    hostile.stream(b"MZ", b"/Type/EmbeddedFile"),
    b"<</Type/Filespec/F(a.exe)/EF<</F 1000 0 R>>>>",
    catalogue=b"/Names<</EmbeddedFiles<</Names[(a)1001 0 R]>>>>",
)
SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
COMMENTED_PDF = hostile.pdf(
    b"null\nendobj\n%stream\n1001 0 obj\n" + SCRIPT + b"\nendobj\n%endstream\n",
    catalogue=b"/OpenAction 1001 0 R",
)
NESTED = b"/Type/ObjStm/DecodeParms<</Predictor 1>>"
FORM_PDF = hostile.pdf(
    hostile.stream(b"<xdp:xdp><script>1</script></xdp:xdp>"), catalogue=b"/AcroForm<</Fields[]/XFA 1000 0 R>>"
)


def refused(cast: Cast, content: bytes, name: str = "a.jpg", allowed: tuple[str, ...] = SCANS) -> str:
    """The code of the refusal; nothing may have been stored."""
    with pytest.raises(FileRefused) as caught:
        store(actor=cast.clerk, content=content, filename=name, allowed=allowed)
    assert caught.value.message
    assert not Blob.objects.exists()
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (hostile.GIF_SCRIPT, "unknown_type"),
        (hostile.SVG, "type_not_allowed"),
        (hostile.HTML, "type_not_allowed"),
        (hostile.pdf() + hostile.zip_of([("a.html", hostile.HTML)]), "foreign_content"),
        (hostile.pdf() + hostile.SCRIPT, "foreign_content"),
        (hostile.pdf() + hostile.zip_of([("a.html", hostile.HTML)]) + b"\n%%EOF\n", "foreign_content"),
        (SCRIPT_PDF, "active_content"),
        (HIDDEN_PDF, "active_content"),
        (LAUNCH_PDF, "active_content"),
        (CARRYING_PDF, "active_content"),
        (COMMENTED_PDF, "active_content"),
        (hostile.pdf_packed(SCRIPT), "active_content"),
        (hostile.pdf_packed(SCRIPT, entries=NESTED), "active_content"),
        (hostile.pdf_packed(SCRIPT, entries=b"/Type/Obj#53tm"), "active_content"),
        (hostile.pdf_packed(SCRIPT, b"/ASCIIHexDecode"), "active_content"),
        (hostile.pdf_packed(SCRIPT, b"[/ASCIIHexDecode/FlateDecode]"), "active_content"),
        (hostile.pdf(hostile.stream(zlib.compress(b"5 0 " + SCRIPT), b"/Type/ObjStm")), "active_content"),
        (FORM_PDF, "active_content"),
        (hostile.png_bomb(), "too_many_pixels"),
        (b"", "empty"),
    ],
    ids=["gif-js", "svg", "html", "pdf-zip", "pdf-tail", "pdf-zip-eof", "pdf-js", "pdf-hidden-js", "pdf-launch",
         "pdf-attachment", "pdf-comment", "pdf-packed", "pdf-nested", "pdf-name", "pdf-hex", "pdf-chain",
         "pdf-unreached", "pdf-form", "png-bomb", "empty"],
)  # fmt: skip
@pytest.mark.requirement("S0-3.2-1")
def test_a_file_that_pretends_is_refused(cast: Cast, content: bytes, code: str) -> None:
    assert refused(cast, content) == code


def test_a_pdf_that_bursts_is_tried_where_it_hurts_nobody(cast: Cast) -> None:
    bomb = hostile.pdf_bomb()
    assert len(bomb) < 2000
    assert refused(cast, bomb, "a.pdf") == "too_heavy"


@pytest.mark.parametrize("part", [b"stream\n", b"/Type/ObjStm ", b"/JavaScrip"])
def test_a_pdf_that_repeats_itself_is_read_in_one_pass(cast: Cast, part: bytes) -> None:
    content = hostile.pdf(hostile.stream(b""))
    content = content.replace(b"%PDF-1.7\n", b"%PDF-1.7\n%" + part * 40_000 + b"\n")
    began = time.process_time()
    store(actor=cast.clerk, content=content, filename="a.pdf", allowed=SCANS)
    assert time.process_time() - began < 1


def test_an_overloaded_machine_is_no_fault_of_the_pdf(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    content = hostile.pdf(hostile.stream(b""))
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "TRIAL_SECONDS", 0.01)
        assert refused(cast, content, "a.pdf") == "not_checked"
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "TRIAL", pdf.TRIAL.with_name("missing.py"))
        assert refused(cast, content, "a.pdf") == "not_checked"
    store(actor=cast.clerk, content=content, filename="a.pdf", allowed=SCANS)


def test_a_pdf_of_too_many_pages_is_refused(cast: Cast) -> None:
    assert refused(cast, hostile.pdf(hostile.stream(b""), pages=501), "a.pdf") == "too_many_pages"


def test_a_zip_that_bursts_is_refused() -> None:
    from enrollment.actions.scans import _package

    with pytest.raises(FileRefused) as caught:
        _package(hostile.zip_bomb())
    assert caught.value.code == "zip_bomb"


def test_what_hangs_on_a_picture_is_not_kept(cast: Cast) -> None:
    blob = store(
        actor=cast.clerk, content=hostile.jpeg() + hostile.SCRIPT, filename="payload.php.jpg", allowed=SCANS
    )
    kept = open_blob(blob)
    assert b"<?php" not in kept
    assert b"<script" not in kept
    assert blob.content_type == "image/jpeg"
    assert "php" not in blob.storage_key


def test_the_place_where_a_photo_was_taken_is_not_kept(cast: Cast) -> None:
    sent = hostile.jpeg_from_a_phone()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)
    kept = open_blob(store(actor=cast.clerk, content=sent, filename="a.jpg", allowed=SCANS))
    assert b"SECRET" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert not image.getexif()
        assert "comment" not in image.info


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("..\\..\\windows\\evil.jpg", "evil.jpg"),
        ("/etc/cron.d/x", "x.jpg"),
        ("a\x00.php", "a.php.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe.jpg"),
        ("page.html", "page.html.jpg"),
        ("扫描.JPEG", "扫描.JPEG"),
        ("...", "file.jpg"),
        ("a" * 300 + ".jpg", "a" * 116 + ".jpg"),
    ],
)
def test_a_name_leads_nowhere_and_ends_as_its_content_is(name: str, plain: str) -> None:
    assert plain_filename(name, "jpeg") == plain


def test_names_inside_a_zip_that_lead_out_of_it_are_seen() -> None:
    import zipfile

    names = ["../../a.jpg", "/etc/a.jpg", "..\\a.jpg", "C:\\a.jpg", "a/../../b.jpg", "一班/2025000001.jpg"]
    archive = zipfile.ZipFile(io.BytesIO(hostile.zip_of([(name, b"x") for name in names])))
    assert [is_unsafe(member_name(info)) for info in archive.infolist()] == [True] * 5 + [False]


def test_a_stored_file_tells_its_pages_and_on_demand_a_second_digest(cast: Cast, settings: object) -> None:
    content = hostile.pdf(hostile.stream(b""), pages=3)
    plain = store(actor=cast.clerk, content=content, filename="a.pdf", allowed=SCANS)
    assert (plain.pages, plain.sm3) == (3, "")
    settings.FILE_SM3 = True  # type: ignore[attr-defined]  # pytest-django's fixture
    blob = store(actor=cast.clerk, content=b"abc,d\n", filename="a.csv", allowed=("csv",))
    assert blob.pages is None
    assert blob.sm3 == "a0ad2eb1fe906d2c1f4f621fac141fd87ef884f0b838ea110f5bc6abdcbd1d6e"
