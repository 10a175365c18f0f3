"""Pictures for the people of the demo, drawn from their names: the same name gives the same picture."""

from __future__ import annotations

import colorsys
import io
import math
import random
from typing import Final

from PIL import Image, ImageDraw

_FINER: Final = 2  # drawn larger, then made smaller: smooth edges
_PORTRAIT: Final = (400, 400)
_HEADER: Final = (1500, 500)

Colour = tuple[int, int, int]


def portrait(name: str) -> bytes:
    """Draw somebody from the shoulders up, before an evening sky, as PNG."""
    dice = random.Random(f"portrait {name}")  # noqa: S311 - a picture, no secret
    hue = dice.random()
    width, height = (side * _FINER for side in _PORTRAIT)
    image = _sky(width, height, _colour(hue, 0.2, 0.96), _colour(hue + 0.07, 0.36, 0.8))
    draw = ImageDraw.Draw(image)
    _disc(draw, width * dice.uniform(0.18, 0.82), height * 0.24, width * 0.11, _colour(hue + 0.06, 0.1, 1.0))
    skin = _colour(dice.uniform(0.05, 0.085), 0.48, dice.uniform(0.42, 0.82))
    hair = _colour(dice.uniform(0.0, 0.12), dice.uniform(0.2, 0.6), dice.uniform(0.14, 0.5))
    coat = _colour(hue + 0.5 + dice.uniform(-0.08, 0.08), 0.4, 0.5)
    middle, top, wide = width / 2, height * 0.44, width * 0.17
    length = dice.choice((0.95, 1.25, 1.9))
    draw.ellipse((middle - wide * 1.22, top - wide * 1.42, middle + wide * 1.22, top + wide * length), fill=hair)
    draw.rounded_rectangle((middle - width * 0.3, height * 0.74, middle + width * 0.3, height * 1.2), wide, fill=coat)
    draw.rounded_rectangle((middle - wide * 0.42, top, middle + wide * 0.42, height * 0.8), wide * 0.4, fill=skin)
    draw.ellipse((middle - wide, top - wide * 1.1, middle + wide, top + wide * 1.2), fill=skin)
    side = dice.choice((-1, 1))
    draw.chord(
        (middle - wide * 1.12, top - wide * 1.34, middle + wide * 1.12, top + wide * 0.7),
        200 + 12 * side, 340 + 12 * side, fill=hair,
    )  # fmt: skip
    for place in (-0.4, 0.4):
        _disc(draw, middle + wide * place, top + wide * 0.12, wide * 0.085, (38, 32, 36))
    smile = (middle - wide * 0.38, top + wide * 0.28, middle + wide * 0.38, top + wide * 0.76)
    draw.arc(smile, 25, 155, fill=(38, 32, 36), width=round(wide * 0.075))
    return _png(image, _PORTRAIT)


def header(name: str) -> bytes:
    """Draw the hills that somebody looks out on, as PNG."""
    dice = random.Random(f"header {name}")  # noqa: S311 - a picture, no secret
    hue = random.Random(f"portrait {name}").random()  # noqa: S311 - the colours of their portrait
    width, height = (side * _FINER for side in _HEADER)
    image = _sky(width, height, _colour(hue + 0.07, 0.3, 0.9), _colour(hue, 0.16, 0.98))
    draw = ImageDraw.Draw(image)
    _disc(draw, width * dice.uniform(0.55, 0.85), height * 0.36, height * 0.14, _colour(hue + 0.06, 0.35, 1.0))
    for layer in range(5):
        level = height * (0.5 + 0.11 * layer)
        waves = [(dice.uniform(1.5, 5.5), dice.uniform(0, math.tau), height * 0.045) for _ in range(3)]
        ridge = [
            (x, level + sum(size * math.sin(often * math.tau * x / width / 2 + at) for often, at, size in waves))
            for x in range(0, width + 20, 20)
        ]
        colour = _colour(hue + 0.02 * layer, 0.24 + 0.06 * layer, 0.84 - 0.13 * layer)
        draw.polygon([*ridge, (width + 20, height), (0, height)], fill=colour)
    return _png(image, _HEADER)


def _sky(width: int, height: int, above: Colour, below: Colour) -> Image.Image:
    """Return a canvas that goes from one colour to another."""
    shade = Image.linear_gradient("L").resize((width, height))
    return Image.composite(Image.new("RGB", (width, height), below), Image.new("RGB", (width, height), above), shade)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _png(image: Image.Image, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
