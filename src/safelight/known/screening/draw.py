"""Draws the blank, placeholder and tripwire pictures and writes their hashes.

Run as `python -m safelight.known.screening.draw`; it replaces the two data files beside it.

Every picture is made here by lines and shapes; none shows a person. The same numbers give the same pictures.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from safelight.signatures.pdq import compute

Pixels = NDArray[np.uint8]
Sketch = Callable[[ImageDraw.ImageDraw], None]
SIDE = 512
_HEADER = "# PDQ hashes of drawn pictures in eight turned versions; made by safelight.known.screening.draw\n"


def blanks() -> Iterator[tuple[str, Pixels]]:
    """Even, graded, striped and chequered pictures."""
    across = np.linspace(0, 255, SIDE)[None, :].repeat(SIDE, axis=0)
    for level in (*range(0, 256, 16), 240, 245, 250, 255):
        yield f"blank {level}", _grey(np.full((SIDE, SIDE), level))
    yield "gradient", _grey(across)
    yield "diagonal gradient", _grey((across + across.T) / 2)
    away = np.hypot(across - 127.5, across.T - 127.5)
    yield "vignette", _grey(255 - away)
    yield "spot", _grey(np.clip(300 - 3 * away, 0, 255))
    for cells in (2, 4, 8, 16, 32):
        at = np.arange(SIDE) * cells // SIDE % 2
        yield f"chequers {cells}", _grey((at[:, None] ^ at[None, :]) * 255)
        yield f"stripes {cells}", _grey(at[None, :].repeat(SIDE, axis=0) * 255)


def placeholders() -> Iterator[tuple[str, Pixels]]:
    """What programs and websites show where a picture is missing; each dark on light and light on dark."""
    for name, sketch in _SKETCHES.items():
        for tone, ground, ink in (("light", "#e8e8e8", "#808080"), ("dark", "#202020", "#c0c0c0")):
            picture = Image.new("RGB", (SIDE, SIDE), ground)
            drawing = ImageDraw.Draw(picture)
            drawing.ink = drawing.draw.draw_ink(_rgb(ink))
            sketch(drawing)
            yield f"{name} on {tone}", np.asarray(picture)
    for text in ("NO IMAGE", "IMAGE NOT\nAVAILABLE", "404", "CONTENT\nREMOVED", "VIDEO\nUNAVAILABLE", "LOADING"):
        for tone, ground, ink in (("light", "#ffffff", "#606060"), ("dark", "#000000", "#ffffff")):
            yield f"{text.replace(chr(10), ' ').lower()} on {tone}", _lettering(text, ground, ink)


def tripwires() -> Iterator[tuple[str, Pixels]]:
    """Harmless things that turn up everywhere: drawn landscapes, charts and pages of lines."""
    for number in range(16):
        yield f"landscape {number}", _landscape(np.random.default_rng((7, number)))
    for number in range(6):
        yield f"chart {number}", _chart(np.random.default_rng((8, number)))
    for number in range(6):
        yield f"page {number}", _page(np.random.default_rng((9, number)))


def lines(pictures: Iterator[tuple[str, Pixels]]) -> Iterator[str]:
    """One line a version: hex hash and name; a version that equals an earlier one is left out.

    Where a picture's coefficients are all but zero, its hash is rounding noise: kept for even pictures, where every
    program that follows the reference gets the same, and left out for others, where none does.
    """
    seen: set[bytes] = set()
    for name, pixels in pictures:
        pdq = compute(np.ascontiguousarray(pixels)).pdq
        if not pdq.usable and pdq.quality:
            continue
        versions = pdq.versions
        for at in range(0, len(versions), 32):
            bits = versions[at : at + 32]
            if bits not in seen:
                seen.add(bits)
                yield f"{bits.hex()} {name}\n"


def files() -> dict[str, str]:
    """The data files of this package by name, made afresh."""
    return {
        "placeholders.txt": _HEADER + "".join(lines(_chained(blanks(), placeholders()))),
        "tripwires.txt": _HEADER + "".join(lines(tripwires())),
    }


def _chained(*groups: Iterator[tuple[str, Pixels]]) -> Iterator[tuple[str, Pixels]]:
    for group in groups:
        yield from group


def _grey(levels: NDArray[np.floating] | NDArray[np.integer]) -> Pixels:
    return np.repeat(np.clip(levels, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _picture_icon(drawing: ImageDraw.ImageDraw) -> None:
    drawing.rectangle((96, 128, 416, 384), width=16)
    drawing.ellipse((312, 168, 368, 224), fill=drawing.ink)
    drawing.polygon([(120, 368), (208, 232), (272, 320), (312, 272), (392, 368)], fill=drawing.ink)


def _broken_icon(drawing: ImageDraw.ImageDraw) -> None:
    drawing.rectangle((96, 96, 416, 416), width=12)
    drawing.line((96, 96, 416, 416), width=12)
    drawing.line((416, 96, 96, 416), width=12)


def _play_icon(drawing: ImageDraw.ImageDraw) -> None:
    drawing.ellipse((136, 136, 376, 376), width=16)
    drawing.polygon([(220, 190), (220, 322), (328, 256)], fill=drawing.ink)


def _camera_icon(drawing: ImageDraw.ImageDraw) -> None:
    drawing.rounded_rectangle((96, 176, 416, 376), 24, fill=drawing.ink)
    drawing.rectangle((200, 140, 312, 180), fill=drawing.ink)
    drawing.ellipse((196, 216, 316, 336), fill="#a0a0a0")


def _film_icon(drawing: ImageDraw.ImageDraw) -> None:
    drawing.rectangle((96, 128, 416, 384), width=12)
    for x in range(112, 400, 48):
        drawing.rectangle((x, 140, x + 24, 164), fill=drawing.ink)
        drawing.rectangle((x, 348, x + 24, 372), fill=drawing.ink)


def _warning_icon(drawing: ImageDraw.ImageDraw) -> None:
    drawing.polygon([(256, 112), (416, 392), (96, 392)], fill=drawing.ink)
    drawing.rectangle((246, 208, 266, 316), fill="#ffffff")
    drawing.ellipse((244, 332, 268, 356), fill="#ffffff")


def _disc(drawing: ImageDraw.ImageDraw) -> None:
    drawing.ellipse((128, 128, 384, 384), fill=drawing.ink)


def _square(drawing: ImageDraw.ImageDraw) -> None:
    drawing.rectangle((128, 128, 384, 384), fill=drawing.ink)


def _frame(drawing: ImageDraw.ImageDraw) -> None:
    drawing.rectangle((24, 24, 488, 488), width=24)


def _spinner(drawing: ImageDraw.ImageDraw) -> None:
    for step in range(12):
        angle = step * math.tau / 12
        x, y = 256 + 96 * math.cos(angle), 256 + 96 * math.sin(angle)
        drawing.ellipse((x - 6 - step, y - 6 - step, x + 6 + step, y + 6 + step), fill=drawing.ink)


_SKETCHES: dict[str, Sketch] = {
    "picture icon": _picture_icon,
    "broken picture icon": _broken_icon,
    "play button": _play_icon,
    "camera icon": _camera_icon,
    "film icon": _film_icon,
    "warning sign": _warning_icon,
    "disc": _disc,
    "square": _square,
    "frame": _frame,
    "spinner": _spinner,
}


def _lettering(text: str, ground: str, ink: str) -> Pixels:
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    font = ImageFont.load_default(size=72)
    ImageDraw.Draw(picture).multiline_text((256, 256), text, fill=ink, font=font, anchor="mm", align="center")
    return np.asarray(picture)


def _landscape(random: np.random.Generator) -> Pixels:
    across = np.linspace(0, 1, SIDE)
    sky = np.linspace(random.uniform(120, 200), random.uniform(200, 250), SIDE)[:, None].repeat(SIDE, axis=1)
    sun = random.uniform(0.1, 0.9, 2) * (SIDE, SIDE * 0.4)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    sky[np.hypot(columns - sun[0], rows - sun[1]) < random.uniform(20, 60)] = 255
    for depth in range(4):
        swings = [
            random.uniform(10, 40) * np.sin(across * random.uniform(4, 30) + random.uniform(0, 6)) for _ in range(4)
        ]
        ridge = SIDE * (0.4 + 0.15 * depth) + np.sum(swings, axis=0)
        sky[rows > ridge[None, :]] = random.uniform(30, 150)
    return _grey(sky)


def _chart(random: np.random.Generator) -> Pixels:
    picture = Image.new("RGB", (SIDE, SIDE), "#ffffff")
    drawing = ImageDraw.Draw(picture)
    bars = int(random.integers(5, 12))
    width = 400 // bars
    for bar in range(bars):
        height = int(random.integers(40, 380))
        left = 64 + bar * width
        drawing.rectangle((left, 448 - height, left + width - 8, 448), fill="#4060a0")
    drawing.line((56, 40, 56, 450, 480, 450), fill="#000000", width=4)
    return np.asarray(picture)


def _page(random: np.random.Generator) -> Pixels:
    picture = Image.new("RGB", (SIDE, SIDE), "#ffffff")
    drawing = ImageDraw.Draw(picture)
    for row in range(48, 470, 18):
        at = 40
        while random.random() > 0.06 and at < 440:
            word = int(random.integers(14, 60))
            drawing.rectangle((at, row, min(at + word, 472), row + 8), fill="#303030")
            at += word + 8
    return np.asarray(picture)


if __name__ == "__main__":
    for file_name, text in files().items():
        Path(__file__).with_name(file_name).write_text(text, encoding="utf-8")
