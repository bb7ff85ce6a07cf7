"""Portraits for tests: a head and shoulders before a background."""

import io

from PIL import Image, ImageDraw

LIGHT_BLUE = (120, 180, 235)


def portrait(
    size: tuple[int, int] = (520, 640),
    ground: tuple[int, int, int] = LIGHT_BLUE,
    form: str = "JPEG",
    mark: int = 0,
    noise: bool = False,
) -> bytes:
    """A drawn portrait; ``mark`` makes it another picture, ``noise`` one that packs badly."""
    picture = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    width, height = size
    draw.ellipse((width * 0.28, height * 0.14, width * 0.72, height * 0.72), fill=(224, 180, 150))
    draw.ellipse((width * 0.1, height * 0.78, width * 0.9, height * 1.4), fill=(40 + mark % 200, 50, 70))
    if noise:
        grain = Image.effect_noise(size, 90).convert("RGB")
        picture = Image.blend(picture, grain, 0.5)
    out = io.BytesIO()
    picture.save(out, form, **({"quality": 95} if form == "JPEG" else {}))
    return out.getvalue()
