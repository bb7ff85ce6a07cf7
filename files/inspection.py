"""What an uploaded file is, judged by its content; images lose what they carry beside the picture."""

import io
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from core.workbook import WorkbookRefused, kind_of
from files.pdf import pages_of
from files.refusals import FileRefused

MEGABYTE = 1 << 20
MAX_PIXELS = 50_000_000
JPEG_QUALITY = 90


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that may be stored: its media type, its usual ending, the most bytes of it, other endings."""

    content_type: str
    ending: str
    max_bytes: int
    other_endings: tuple[str, ...] = ()


FILE_TYPES = {
    "jpeg": FileType("image/jpeg", ".jpg", 20 * MEGABYTE, (".jpeg", ".jpe", ".jfif")),
    "png": FileType("image/png", ".png", 20 * MEGABYTE),
    "pdf": FileType("application/pdf", ".pdf", 30 * MEGABYTE),
    "xlsx": FileType(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", 64 * MEGABYTE
    ),
    "xls": FileType("application/vnd.ms-excel", ".xls", 64 * MEGABYTE),
    "csv": FileType("text/csv", ".csv", 64 * MEGABYTE, (".txt",)),
    "zip": FileType("application/zip", ".zip", 64 * MEGABYTE),
    "age": FileType("application/octet-stream", ".age", 512 * MEGABYTE),
}
IMAGES = ("jpeg", "png")
WORKBOOKS = ("xlsx", "xls", "csv", "zip")
SCANS = ("jpeg", "png", "pdf")

_WORKBOOK_KINDS = {"xlsx": "xlsx", "xls": "xls", "csv": "csv", "collection": "zip"}
_MAGIC = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png", b"%PDF-": "pdf"}


def type_of(content: bytes) -> str:
    """The key in `FILE_TYPES`. Raises FileRefused for an empty file and for a kind that is never stored."""
    if not content:
        raise FileRefused("empty")
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return kind
    try:
        kind = _WORKBOOK_KINDS[kind_of(content)]
    except WorkbookRefused as refused:
        raise FileRefused("damaged") from refused
    if kind == "csv" and b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("unknown_type")
    return kind


class Inspected(NamedTuple):
    """The type of a file (a key of `FILE_TYPES`), the content as it may be stored, pages of a picture or a PDF."""

    kind: str
    content: bytes
    pages: int | None = None


def inspected(content: bytes, allowed: Collection[str]) -> Inspected:
    """What a file is and how it may be stored.

    Raises FileRefused when it is empty, of another kind than ``allowed`` (keys of `FILE_TYPES`), too large or damaged;
    NotChecked when that could not be found out just now.
    """
    kind = _admitted(content, allowed)
    if kind in IMAGES:
        with _picture(content) as picture:
            return Inspected(kind, _encoded(ImageOps.exif_transpose(picture), kind), 1)
    return Inspected(kind, content, pages_of(content) if kind == "pdf" else None)


def must_open(content: bytes, allowed: Collection[str]) -> None:
    """Raise FileRefused and NotChecked as `inspected` does; nothing is encoded."""
    kind = _admitted(content, allowed)
    if kind in IMAGES:
        with _picture(content) as picture:
            picture.load()
    elif kind == "pdf":
        pages_of(content)


def _admitted(content: bytes, allowed: Collection[str]) -> str:
    kind = type_of(content)
    if kind not in allowed:
        raise FileRefused(
            "type_not_allowed", types=", ".join(FILE_TYPES[name].ending[1:] for name in allowed)
        )
    limit = FILE_TYPES[kind].max_bytes
    if len(content) > limit:
        raise FileRefused("too_large", limit=limit // MEGABYTE)
    return kind


@contextmanager
def _picture(content: bytes) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise FileRefused("too_many_pixels", limit=MAX_PIXELS // 1_000_000)
                yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise FileRefused("too_many_pixels", limit=MAX_PIXELS // 1_000_000) from bomb
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as broken:
        raise FileRefused("damaged") from broken


def _encoded(image: Image.Image, kind: str) -> bytes:
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    if image.mode not in {"L", "RGB"}:
        transparent = kind == "png" and ("A" in image.mode or "transparency" in image.info)
        image = image.convert("RGBA" if transparent else "RGB")
    bare = image.copy()
    bare.info = {}
    buffer = io.BytesIO()
    if kind == "jpeg":
        bare.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    else:
        bare.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
