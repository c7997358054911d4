"""Changes that lay something over a picture, or lay the picture into something else."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from safelight.samples.pictures import picture
from safelight.samples.transforms.transform import Change

FONT = ImageFont.load_default
CAPTIONS = ("SERIES HARBOUR (SAMPLE)", "practice picture - no meaning", "when the tide is late again")


def watermark(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture with a pale line of writing across it, as sharing sites add."""
    layer = Image.new("L", image.size)
    size = max(10, image.width // 11)
    place = (image.width * float(rng.uniform(0.04, 0.3)), image.height * float(rng.uniform(0.1, 0.8)))
    ImageDraw.Draw(layer).text(place, "sample.example", fill=130, font=FONT(size))
    return Image.composite(Image.new("RGB", image.size, "white"), image, layer)


def caption(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture with a bar of writing added above or below it."""
    bar = max(16, round(image.height * 0.16))
    out = Image.new("RGB", (image.width, image.height + bar), "white")
    above = bool(rng.random() < 0.5)
    out.paste(image, (0, bar if above else 0))
    text = CAPTIONS[int(rng.integers(len(CAPTIONS)))]
    place = (bar // 3, bar // 4 if above else image.height + bar // 4)
    ImageDraw.Draw(out).text(place, text, fill="black", font=FONT(max(9, bar // 2)))
    return out


def sticker(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture with a yellow disc, two dots and an arc stuck on it, as a messenger's stickers look."""
    out = image.copy()
    draw = ImageDraw.Draw(out)
    radius = min(image.size) * float(rng.uniform(0.10, 0.18))
    x, y = (float(rng.uniform(radius, side - radius)) for side in image.size)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(252, 208, 60), outline=(120, 90, 20))
    for side in (-0.38, 0.38):
        dot = radius * 0.13
        centre = (x + side * radius, y - radius * 0.25)
        draw.ellipse(
            (centre[0] - dot, centre[1] - dot * 1.6, centre[0] + dot, centre[1] + dot * 1.6), fill=(70, 50, 20)
        )
    draw.arc((x - radius * 0.5, y - radius * 0.2, x + radius * 0.5, y + radius * 0.6), 20, 160, (70, 50, 20), 4)
    return out


def censor(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture with a black box over a part of it."""
    out = image.copy()
    width, height = (side * float(rng.uniform(0.18, 0.34)) for side in image.size)
    left, top = (float(rng.uniform(0, side - part)) for side, part in zip(image.size, (width, height), strict=True))
    ImageDraw.Draw(out).rectangle((left, top, left + width, top + height), fill="black")
    return out


def overlay(area: float) -> Change:
    """Return the picture laid upon another, of which it covers this share."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        background = picture(int(rng.integers(1 << 30)), int(rng.integers(6)), image.size)
        small = image.resize((round(image.width * area**0.5), round(image.height * area**0.5)))
        place = tuple(int(rng.integers(0, full - part + 1)) for full, part in zip(image.size, small.size, strict=True))
        background.paste(small, (place[0], place[1]))
        return background

    return change


def collage(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture as one of four, two by two."""
    half = (max(8, image.width // 2), max(8, image.height // 2))
    out = Image.new("RGB", (half[0] * 2, half[1] * 2))
    own = int(rng.integers(4))
    seed = int(rng.integers(1 << 30))
    for part in range(4):
        tile = image.resize(half) if part == own else picture(seed, part, half)
        out.paste(tile, ((part % 2) * half[0], (part // 2) * half[1]))
    return out


def screenshot(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture as shown in a window with a title bar, buttons and a row of thumbnails."""
    width, height = 1280, 800
    shade = int(rng.integers(24, 60)) if rng.random() < 0.5 else int(rng.integers(215, 245))
    out = Image.new("RGB", (width, height), (shade, shade, shade + 4))
    draw = ImageDraw.Draw(out)
    ink = (235, 235, 235) if shade < 128 else (40, 40, 40)
    draw.rectangle((0, 0, width, 44), fill=(shade // 2 + 40,) * 3)
    for button, colour in enumerate(((236, 92, 84), (240, 186, 64), (98, 196, 84))):
        draw.ellipse((18 + 26 * button, 15, 32 + 26 * button, 29), fill=colour)
    draw.text((130, 12), "IMG_0042 - viewer", fill=ink, font=FONT(16))
    scale = min(900 / image.width, 600 / image.height)
    shown = image.resize((round(image.width * scale), round(image.height * scale)))
    out.paste(shown, (60 + (900 - shown.width) // 2, 70 + (600 - shown.height) // 2))
    for row in range(8):
        draw.rectangle(
            (1010, 76 + 62 * row, 1240, 122 + 62 * row), fill=tuple(int(v) for v in rng.integers(60, 200, 3))
        )
        draw.text((1020, 90 + 62 * row), f"item {row + 1}", fill=ink, font=FONT(14))
    draw.rectangle((0, height - 60, width, height), fill=(shade // 2 + 50,) * 3)
    return out


def photo_of_screen(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture as a camera sees it on a screen from a slant: perspective, stripes of moire, dark surround."""
    width, height = image.size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, pitch = float(rng.uniform(0, 3.14)), float(rng.uniform(0.5, 1.2))
    stripes = np.sin((x * np.cos(angle) + y * np.sin(angle)) * pitch) * np.sin(y * float(rng.uniform(1.8, 2.4)))
    seen = np.asarray(image, np.float32) * (0.86 + 0.10 * stripes[..., None]) + 10
    striped = Image.fromarray(seen.clip(0, 255).astype(np.uint8))
    corners = [(0, 0), (0, height), (width, height), (width, 0)]
    slant = rng.uniform(0.03, 0.13, (4, 2))
    moved = [
        (abs(px - width * float(share[0])), abs(py - height * float(share[1])))
        for (px, py), share in zip(corners, slant, strict=True)
    ]
    coefficients = _perspective(moved, corners)
    dark = (14, 14, 18)
    return striped.transform(
        image.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=dark
    )


def _perspective(source: list[tuple[float, float]], target: list[tuple[int, int]]) -> list[float]:
    """Return the eight coefficients that take the four source points to the four target points."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(value) for value in np.linalg.solve(np.asarray(rows, float), np.asarray(values, float))]
