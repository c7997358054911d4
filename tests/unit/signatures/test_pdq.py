"""PDQ equals the reference on the same pixels, for pictures of every size and kind."""

import io

import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.samples.pictures import picture
from safelight.signatures import pdq
from safelight.signatures.downscale import downscale
from safelight.signatures.reference_filter import downscale_as_reference
from safelight.signatures.types import TRANSFORMS

TURNED = {
    "original": lambda a: a,
    "rotate90": np.rot90,
    "rotate180": lambda a: np.rot90(a, 2),
    "rotate270": lambda a: np.rot90(a, 3),
    "flipx": np.flipud,
    "flipy": np.fliplr,
    "transpose": lambda a: a.transpose(1, 0, 2),
    "antitranspose": lambda a: np.rot90(a, 2).transpose(1, 0, 2),
}


def reference(pixels):
    vector, quality = pdqhash.compute(pixels)
    return np.packbits(vector).tobytes(), int(quality)


def noise(rng, height, width):
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def waves(rng, height, width):
    y, x = np.mgrid[0:height, 0:width]
    out = np.full((height, width, 3), 128.0)
    for _ in range(12):
        down, across = rng.normal(0, 8, 2) / (height, width)
        out += np.sin(2 * np.pi * (down * y + across * x) + rng.uniform(0, 6))[..., None] * rng.uniform(0, 40, 3)
    return np.clip(out, 0, 255).astype(np.uint8)


def blocks(rng, height, width):
    coarse = rng.integers(0, 6, (height // 9 + 1, width // 9 + 1, 1)) * 51
    return coarse.repeat(9, 0).repeat(9, 1).repeat(3, 2)[:height, :width].astype(np.uint8)


def gradient(rng, height, width):
    ramp = np.linspace(0, rng.integers(1, 256), height)[:, None] + np.linspace(0, rng.integers(1, 256), width)
    return (ramp[..., None] * rng.uniform(0, 0.5, 3)).astype(np.uint8)


def flat(rng, height, width):
    return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)


def stripes(rng, height, width):
    line = noise(rng, 1, width) if rng.random() < 0.5 else noise(rng, height, 1)
    return np.broadcast_to(line, (height, width, 3)).copy()


def mirrored(rng, height, width):
    half = waves(rng, height, (width + 1) // 2)
    return np.concatenate([half, half[:, ::-1]], axis=1)[:, :width].copy()


KINDS = [noise, waves, blocks, gradient, flat, stripes, mirrored]
sides = st.integers(1, 600) | st.sampled_from([1, 2, 4, 5, 16, 63, 64, 65, 127, 128, 129, 256, 257])


def check(pixels):
    expected, quality = reference(pixels)
    found = pdq.compute(pixels).pdq
    assert found.quality == quality
    if quality >= pdq.MATCHED_QUALITY:
        assert pdq.distance(expected, found.bits) <= 2
    return pdq.distance(expected, found.bits), quality


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(KINDS), sides, sides, st.integers(0, 2**32 - 1))
def test_hash_and_quality_equal_the_reference(kind, height, width, seed):
    check(np.ascontiguousarray(kind(np.random.default_rng(seed), height, width)))


def test_three_hundred_pictures_equal_the_reference_but_for_float_noise():
    """At most two bits on at most one in a thousand: of 300, none may differ by chance, so none is allowed to."""
    rng = np.random.default_rng(20)
    differing = 0
    for number in range(300):
        height, width = (int(2 ** rng.uniform(0, 9.5)) for _ in range(2))
        bits, quality = check(np.ascontiguousarray(KINDS[number % len(KINDS)](rng, height, width)))
        differing += bits > 0 and quality >= pdq.MATCHED_QUALITY
    assert differing == 0


@pytest.mark.parametrize("size", [(2000, 1500), (1999, 1013), (700, 2), (3, 900), (4000, 40)])
def test_large_and_long_pictures_equal_the_reference(size):
    check(np.asarray(picture(4, 1, size)))


@pytest.mark.parametrize("number", range(12))
def test_generated_pictures_are_bit_for_bit_equal(number):
    bits, quality = check(np.asarray(picture(5, number)))
    assert bits == 0
    assert quality >= 50


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(KINDS), st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_the_map_and_the_reference_filter_give_the_same_tile(kind, height, width, seed):
    pixels = np.ascontiguousarray(kind(np.random.default_rng(seed), height, width))
    assert np.abs(downscale(pixels) - downscale_as_reference(pixels)).max() < 0.01


@pytest.mark.parametrize(("name", "place"), [(transform.value, i) for i, transform in enumerate(TRANSFORMS)])
def test_versions_are_the_hashes_of_the_turned_picture(name, place):
    for number in range(6):
        pixels = np.asarray(picture(6, number, [(640, 448), (1024, 768), (333, 517)][number % 3]))
        version = pdq.compute(pixels).pdq.versions[32 * place : 32 * place + 32]
        turned = np.ascontiguousarray(TURNED[name](pixels))
        assert pdq.distance(version, pdq.compute(turned).pdq.bits) == 0
        assert pdq.distance(version, reference(turned)[0]) <= 2


@pytest.mark.parametrize(("name", "place"), [(transform.value, i) for i, transform in enumerate(TRANSFORMS)])
def test_versions_are_named_as_the_reference_names_them(name, place):
    """The reference derives them from coefficients, which costs some bits; those of other turns are far away."""
    pixels = np.asarray(picture(6, 0, (2000, 1500)))
    versions = pdq.compute(pixels).pdq.versions
    theirs = [np.packbits(vector).tobytes() for vector in pdqhash.compute_dihedral(pixels)[0]]
    distances = [pdq.distance(versions[32 * place : 32 * place + 32], other) for other in theirs]
    assert distances[place] <= 31
    assert min(distances[:place] + distances[place + 1 :]) > 60


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([noise, waves]), st.integers(24, 400), st.integers(24, 400), st.integers(0, 2**32 - 1))
def test_versions_of_any_size_are_those_of_the_turned_picture(kind, height, width, seed):
    pixels = np.ascontiguousarray(kind(np.random.default_rng(seed), height, width))
    found = pdq.compute(pixels).pdq
    if found.quality < pdq.MATCHED_QUALITY or not found.usable:
        return
    for place, turn in enumerate(TURNED.values()):
        turned = pdq.compute(np.ascontiguousarray(turn(pixels))).pdq
        assert pdq.distance(found.versions[32 * place : 32 * place + 32], turned.bits) <= 2


def test_grey_pixels_are_as_three_equal_channels():
    grey = np.asarray(picture(7, 0).convert("L"))
    assert pdq.compute(grey).pdq == pdq.compute(grey[..., None].repeat(3, 2)).pdq


def test_pixels_need_not_be_contiguous_nor_writable():
    pixels = np.asarray(picture(8, 0))
    view = pixels[::-1, ::-1]
    assert pdq.compute(view).pdq == pdq.compute(view.copy()).pdq
    frozen = np.frombuffer(pixels.tobytes(), np.uint8).reshape(pixels.shape)
    assert not frozen.flags.writeable
    assert pdq.compute(frozen).pdq == pdq.compute(pixels).pdq


@pytest.mark.parametrize("kind", [flat, stripes])
def test_pictures_without_information_are_not_usable(kind):
    for seed in range(10):
        assert not pdq.compute(kind(np.random.default_rng(seed), 300, 400)).pdq.usable


@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 100), (100, 4)])
def test_pictures_too_small_for_pdq_have_the_hash_of_zeros(height, width):
    found = pdq.compute(noise(np.random.default_rng(1), height, width)).pdq
    assert (found.bits, found.quality, found.usable) == (bytes(32), 0, False)


def test_a_faint_picture_is_usable():
    rng = np.random.default_rng(2)
    faint = 128 + rng.integers(0, 2, (2, 2)).repeat(200, 0).repeat(200, 1)
    faint[:200, :200] = 127
    assert pdq.compute(faint.astype(np.uint8)).pdq.usable


def test_a_jpeg_copy_is_near_and_another_picture_is_far():
    original = picture(9, 0)
    buffer = io.BytesIO()
    original.save(buffer, "JPEG", quality=60)
    first = pdq.compute(np.asarray(original)).pdq.bits
    assert pdq.distance(first, pdq.compute(np.asarray(Image.open(buffer))).pdq.bits) <= 10
    assert pdq.distance(first, pdq.compute(np.asarray(picture(9, 1))).pdq.bits) > 60


@given(st.binary(min_size=32, max_size=32))
def test_hex_goes_there_and_back(bits):
    assert pdq.from_hex(pdq.to_hex(bits)) == bits
    assert pdq.from_hex(pdq.to_hex(bits).upper()) == bits


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0x" + "0" * 62, "\u0660" * 64, "0" * 63 + "\n0"])
def test_other_texts_are_no_hashes(text):
    with pytest.raises(pdq.BadPdqError):
        pdq.from_hex(text)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_distance_counts_differing_bits(a, b):
    assert pdq.distance(a, b) == sum((x ^ y).bit_count() for x, y in zip(a, b, strict=True))
