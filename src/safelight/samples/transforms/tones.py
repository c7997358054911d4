"""Changes of every pixel alike: size, blur, noise, brightness, colour, fall-off. Shapes stay where they are."""

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from safelight.samples.transforms.transform import Change


def keep(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Return the picture as it is: only its encoding will differ."""
    return image


def resize(factor: float) -> Change:
    """Return a change of both sides by a factor."""
    return stretch(factor, factor)


def stretch(across: float, down: float) -> Change:
    """Return a change of width and height by factors of their own."""

    def change(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
        size = (max(8, round(image.width * across)), max(8, round(image.height * down)))
        return image.resize(size, Image.Resampling.LANCZOS)

    return change


def blur(radius: float) -> Change:
    """Return a Gaussian blur of a radius in pixels."""
    return lambda image, _rng: image.filter(ImageFilter.GaussianBlur(radius))


def noise(strength: float) -> Change:
    """Return added Gaussian noise of a standard deviation in levels of 255."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        pixels = np.asarray(image, np.float32)
        noisy = pixels + rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(strength)
        return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))

    return change


def gamma(exponent: float) -> Change:
    """Return a gamma change; below 1 brightens."""
    table = [round(255 * (level / 255) ** exponent) for level in range(256)]
    return lambda image, _rng: image.point(table * 3)


def brightness(factor: float) -> Change:
    """Return a change of brightness by a factor."""
    return lambda image, _rng: ImageEnhance.Brightness(image).enhance(factor)


def contrast(factor: float) -> Change:
    """Return a change of contrast by a factor about the picture's mean."""
    return lambda image, _rng: ImageEnhance.Contrast(image).enhance(factor)


def grey(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
    """Return the picture without colour."""
    return ImageOps.grayscale(image).convert("RGB")


def vignette(strength: float) -> Change:
    """Return a fall-off to the corners, which lose this share of their light."""

    def change(image: Image.Image, _rng: np.random.Generator) -> Image.Image:
        y = np.linspace(-1, 1, image.height, dtype=np.float32)[:, None]
        x = np.linspace(-1, 1, image.width, dtype=np.float32)[None, :]
        light = 1 - np.float32(strength / 2) * (x * x + y * y)
        return Image.fromarray((np.asarray(image, np.float32) * light[..., None]).clip(0, 255).astype(np.uint8))

    return change
