import io

import numpy as np
import pytest
from PIL import Image

from safelight.media.sniff import sniff
from safelight.samples.pictures import picture, shape
from safelight.samples.transforms import TRANSFORMS, TransformClass, by_class, two_step
from safelight.signatures import pdq
from safelight.signatures.examine import examine

SOURCES = [picture(5, number, shape(5, number)) for number in range(3)]
HASHES = [np.frombuffer(pdq.compute(np.asarray(image)).pdq.bits, np.uint8) for image in SOURCES]
FAMILIES = (
    "jpeg-95", "jpeg-20", "webp", "avif", "gif", "resize-200", "resize-10", "blur", "noise", "gamma", "grey", "contrast",
    "vignette", "watermark", "caption", "sticker", "censor", "border-5", "border-40", "crop-90", "crop-75", "crop-50",
    "crop-25", "rotate-2", "rotate-5", "rotate-15", "rotate-90", "rotate-180", "mirror", "aspect-80", "aspect-120",
    "overlay", "collage", "screenshot", "photo-of-screen",
)  # fmt: skip


def distance(transform, number):
    content = transform.file(SOURCES[number], np.random.default_rng([9, number]))
    still = examine(content, sniff(content[:4096])).stills[0]
    versions = [one.versions for one in (still.listed, still.shown) if one is not None]
    codes = np.frombuffer(b"".join(versions), np.uint8).reshape(-1, 32)
    return int(np.bitwise_count(codes ^ HASHES[number]).sum(axis=1, dtype=int).min())


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_change_is_there(family):
    assert any(name.startswith(family) for name in TRANSFORMS)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_depends_on_its_generator_only(name):
    transform = TRANSFORMS[name]
    first, second = (transform.file(SOURCES[1], np.random.default_rng(4)) for _ in range(2))
    assert first == second
    with Image.open(io.BytesIO(first)) as opened:
        opened.load()


@pytest.mark.parametrize("name", [one.name for one in TRANSFORMS.values() if one.promised])
def test_what_is_promised_is_within_reach_of_pdq(name):
    assert max(distance(TRANSFORMS[name], number) for number in range(len(SOURCES))) <= 31


@pytest.mark.parametrize("name", ["crop-50", "rotate-15", "collage", "screenshot", "overlay-30"])
def test_what_is_not_promised_is_truly_hard(name):
    assert not TRANSFORMS[name].promised
    assert np.median([distance(TRANSFORMS[name], number) for number in range(len(SOURCES))]) > 31


def test_classes_part_the_registry():
    assert sum(len(by_class(group)) for group in TransformClass) == len(TRANSFORMS)


def test_pairs_are_named_by_both_and_do_both():
    pairs = {one.name: one for one in two_step()}
    pair = pairs["grey+mirror"]
    apart = TRANSFORMS["mirror"].apply(TRANSFORMS["grey"].apply(SOURCES[0], rng()), rng())
    assert pair.apply(SOURCES[0], rng()).tobytes() == apart.tobytes()
    assert pair.promised
    assert not pairs["crop-50+mirror"].promised
    assert not pairs["border-10+noise-20"].promised


def test_promised_pairs_are_within_reach():
    pairs = [one for one in two_step() if one.promised]
    chosen = np.random.default_rng(1).permutation(len(pairs))[:30]
    assert max(distance(pairs[index], number % len(SOURCES)) for number, index in enumerate(chosen)) <= 31


def rng():
    return np.random.default_rng(0)
