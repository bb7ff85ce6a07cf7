"""Pages of stored files as pictures that carry the name of who looks at them (C.6)."""

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from core.pdf import FONTS
from files.models import Blob
from files.rendering import page_png
from files.selectors import open_blob

MOST_WIDE = 2000
QUALITY = 82
SIZE = 26
APART = 240
TURN = 24
DARK = (31, 41, 55, 26)
LIGHT = (255, 255, 255, 34)
PDF = "application/pdf"
FONT_FILES = (str(FONTS / "NotoSansSC-Regular.otf"), "NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def page_picture(blob: Blob, number: int, mark: str) -> bytes:
    """Page ``number`` (from 1) of a stored picture or PDF as JPEG with ``mark`` all over it.

    Raises IndexError for a page that is not there, BlobDamaged and FileRefused for what cannot be read.
    """
    content = open_blob(blob)
    if blob.content_type == PDF:
        content = page_png(content, number)
    elif number != 1:
        raise IndexError(number)
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as opened:
        picture = _on_white(opened)
    picture.thumbnail((MOST_WIDE, MOST_WIDE * 4))
    out = io.BytesIO()
    _marked(picture, mark).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _on_white(opened: Image.Image) -> Image.Image:
    if opened.mode != "RGBA":
        return opened.convert("RGB")
    ground = Image.new("RGB", opened.size, "white")
    ground.paste(opened, mask=opened.getchannel("A"))
    return ground


def _marked(picture: Image.Image, mark: str) -> Image.Image:
    tile = _tile(mark)
    for row, top in enumerate(range(0, picture.height, APART)):
        for left in range(-(row % 2) * tile.width // 2, picture.width, tile.width):
            picture.paste(tile, (left, top), mask=tile)
    return picture


def _tile(mark: str) -> Image.Image:
    font, shows_chinese = _font()
    text = mark if shows_chinese else "".join(char for char in mark if char.isascii()).strip()
    left, top, right, bottom = font.getbbox(text)
    tile = Image.new("RGBA", (int(right - left) + 80, int(bottom - top) + 10), (0, 0, 0, 0))
    draw = ImageDraw.Draw(tile)
    draw.text((41, 1 - top), text, font=font, fill=LIGHT)
    draw.text((40, -top), text, font=font, fill=DARK)
    return tile.rotate(TURN, resample=Image.Resampling.BILINEAR, expand=True)


@lru_cache(maxsize=1)
def _font() -> tuple[Font, bool]:
    """The font of the marks, and whether it has Chinese characters."""
    for name in FONT_FILES:
        try:
            return ImageFont.truetype(name, SIZE), True
        except OSError:
            continue
    return ImageFont.load_default(SIZE), False
