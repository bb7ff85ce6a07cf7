"""A pupil's photo to the rule (B.6): 26 by 32 mm at 150 dpi or better, JPEG below the school's limit, light blue.

Size, format and weight are mended here. Colour and evenness of the background are estimated at its edges and only
warned of. Whether the head is straight, bare and two thirds of the picture is for a person to see: the page for
cropping draws guides, nothing here guesses.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from PIL import Image

RATIO = 26 / 32
TOLERANCE = 0.03
SMALLEST = (154, 189)
BEST = (307, 378)
"""26 by 32 mm at 150 and at 300 dpi, in pixels."""

DPI = 300
QUALITIES = (92, 88, 84, 78, 72, 64, 56)
_SAMPLE = (65, 80)
_EVEN_WITHIN = 30
_UNEVEN_SHARE = 0.2
_BLUE = (127, 172)
"""Hue from 179 to 243 degrees, on Pillow's circle of 256."""

_COLOUR_AT_LEAST = 18
_LIGHT_AT_LEAST = 135
_GREY_BELOW = 8

Pixel = tuple[int, int, int]


class PhotoRefused(Exception):
    """A picture that is no photo to the rule; ``code`` is a key of `records.photos.reasons.REASONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture in its pixels; its height follows from its width."""

    left: int
    top: int
    width: int

    @property
    def height(self) -> int:
        """As high as the rule's ratio makes it."""
        return round(self.width / RATIO)

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge."""
        return (self.left, self.top, self.left + self.width, self.top + self.height)


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of a picture that was taken in by `files.actions.store`."""
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as opened:
        return opened.size


def fits(size: tuple[int, int]) -> bool:
    """Whether the sides are as 26 to 32, so that nothing need be cut off."""
    return abs(size[0] / size[1] / RATIO - 1) <= TOLERANCE


def suggested(size: tuple[int, int]) -> Box:
    """The largest part of the right shape: centred, and nearer to the upper edge, where heads are.

    Raises PhotoRefused when even that is too small.
    """
    width = min(size[0], int(size[1] * RATIO))
    if width < SMALLEST[0] or round(width / RATIO) < SMALLEST[1]:
        raise PhotoRefused("too_small")
    spare = max(size[1] - round(width / RATIO), 0)
    return Box((size[0] - width) // 2, spare // 4, width)


def to_rule(content: bytes, *, limit: int, box: Box | None = None) -> bytes:
    """The JPEG to keep: cut to ``box``, scaled to 300 dpi where there is enough, below ``limit`` bytes.

    Without ``box`` the whole picture is taken. Raises PhotoRefused: needs_crop, too_small, outside, too_heavy.
    """
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as opened:
        picture = _on_white(opened)
    if box is None:
        if not fits(picture.size):
            raise PhotoRefused("needs_crop")
        box = suggested(picture.size)
    return _encoded(_scaled(_cut(picture, box)), limit)


def is_to_rule(content: bytes, limit: int) -> bool:
    """Whether a stored photo can be handed on as it is."""
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as opened:
        width, height = opened.size
        is_jpeg = opened.format == "JPEG"
    large = width >= SMALLEST[0] and height >= SMALLEST[1]
    return is_jpeg and large and fits((width, height)) and len(content) < limit


def warnings_of(content: bytes) -> list[str]:
    """What a person should look at: keys of `records.photos.reasons.WARNINGS`."""
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as opened:
        small = _on_white(opened).resize(_SAMPLE, Image.Resampling.BOX)
    found = []
    if _is_grey(small):
        found.append("not_colour")
    edge = _edge(small)
    middle: Pixel = (_middle(edge, 0), _middle(edge, 1), _middle(edge, 2))
    if not _is_light_blue(middle):
        found.append("background_colour")
    apart = sum(max(abs(one[k] - middle[k]) for k in range(3)) > _EVEN_WITHIN for one in edge)
    if apart > _UNEVEN_SHARE * len(edge):
        found.append("background_uneven")
    return found


def _on_white(opened: Image.Image) -> Image.Image:
    if opened.mode != "RGBA":
        return opened.convert("RGB")
    ground = Image.new("RGB", opened.size, "white")
    ground.paste(opened, mask=opened.getchannel("A"))
    return ground


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    left, top, right, bottom = box.edges
    bottom = min(bottom, picture.height) if bottom <= picture.height + 2 else bottom
    if min(left, top) < 0 or right > picture.width or bottom > picture.height:
        raise PhotoRefused("outside")
    if box.width < SMALLEST[0] or box.height < SMALLEST[1]:
        raise PhotoRefused("too_small")
    return picture.crop((left, top, right, bottom))


def _scaled(picture: Image.Image) -> Image.Image:
    best = BEST if picture.width >= BEST[0] else (picture.width, round(picture.width / RATIO))
    size = (best[0], max(best[1], SMALLEST[1]))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _encoded(picture: Image.Image, limit: int) -> bytes:
    for quality in QUALITIES:
        out = io.BytesIO()
        dpi = DPI if picture.width >= BEST[0] else 150
        picture.save(out, "JPEG", quality=quality, optimize=True, dpi=(dpi, dpi))
        if out.tell() < limit:
            return out.getvalue()
    raise PhotoRefused("too_heavy")


def _is_grey(small: Image.Image) -> bool:
    pixels = _pixels(small)
    return sum(max(one) - min(one) for one in pixels) / len(pixels) < _GREY_BELOW


def _edge(small: Image.Image) -> list[Pixel]:
    """The background as far as nobody stands before it: the upper halves of both sides, and the upper edge."""
    width, height = small.size
    side, top = width // 8, height // 20
    parts = ((0, 0, side, height // 2), (width - side, 0, width, height // 2), (0, 0, width, top))
    return [pixel for part in parts for pixel in _pixels(small.crop(part))]


def _pixels(picture: Image.Image) -> list[Pixel]:
    data = picture.tobytes()
    return [(data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3)]


def _middle(pixels: Sequence[Pixel], channel: int) -> int:
    return int(median(one[channel] for one in pixels))


def _is_light_blue(colour: Pixel) -> bool:
    hue, saturation, value = _pixels(Image.new("RGB", (1, 1), colour).convert("HSV"))[0]
    return _BLUE[0] <= hue <= _BLUE[1] and saturation >= _COLOUR_AT_LEAST and value >= _LIGHT_AT_LEAST
