"""Hashes that would match the wrong things are held back, and others are not."""

import random
from importlib import resources

import numpy as np
import pytest

from safelight.errors import UsageError
from safelight.known import screening
from safelight.known.rules import HashState
from safelight.known.screening import RADIUS, Screen, draw, flatness
from safelight.samples.pictures import picture
from safelight.signatures.pdq import compute, distance


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen.load()


@pytest.mark.parametrize(
    "text",
    [
        "0" * 64,
        "f" * 64,
        "f" * 32 + "0" * 32,
        "00ff" * 16,
        "aaaa" * 16,
        "5555aaaa" * 8,
        "0" * 63 + "1",
        "ffff0000" * 8,
        "00" * 20 + "ff" * 12,
    ],
)
def test_flat_hashes(text, screen):
    assert flatness(bytes.fromhex(text)) is not None
    assert screen.look([bytes.fromhex(text)])[0].state is HashState.FLAT


@pytest.mark.parametrize("seed", range(5))
def test_random_hashes_are_not_flat(seed):
    source = random.Random(seed)
    assert [code for code in (source.randbytes(32) for _ in range(2000)) if flatness(code)] == []


@pytest.mark.parametrize("group", [draw.placeholders, draw.tripwires])
def test_every_drawn_picture_is_held_back_also_when_changed(group, screen):
    source = random.Random(4)
    for _name, pixels in group():
        bits = int.from_bytes(compute(pixels).pdq.bits, "big")
        for bit in source.sample(range(256), RADIUS):
            bits ^= 1 << bit
        assert screen.look([bits.to_bytes(32, "big")])[0].state is not HashState.MATCHED


def test_a_play_button_is_named(screen):
    pixels = dict(draw.placeholders())["play button on light"]
    (answer,) = screen.look([compute(pixels).pdq.bits])
    assert (answer.state, answer.reason) == (
        HashState.PLACEHOLDER,
        "0 bits from the placeholder 'play button on light'",
    )


def test_rich_pictures_pass(screen):
    """A screen that holds back what is worth matching would be worse than none."""
    hashes = [compute(np.asarray(picture(11, number, (320, 240)))).pdq.bits for number in range(24)]
    assert {answer.state for answer in screen.look(hashes)} == {HashState.MATCHED}


def test_the_data_files_are_what_drawing_makes():
    """Compared as hashes, within a few bits: another Pillow may set a letter a pixel aside."""
    for name, text in draw.files().items():
        kept = resources.files(screening).joinpath(name).read_text().splitlines()[1:]
        made = text.splitlines()[1:]
        assert {line[65:] for line in kept} == {line[65:] for line in made}
        kept_bits = [bytes.fromhex(line[:64]) for line in kept]
        for line in made:
            assert min(distance(bytes.fromhex(line[:64]), other) for other in kept_bits) <= 8, line


def test_a_units_own_file(tmp_path):
    own = random.Random(1).randbytes(32)
    (tmp_path / "screening").mkdir()
    (tmp_path / "screening" / "a.txt").write_text(f"# ours\n\n{own.hex()} crest of the agency\n")
    (answer,) = Screen.load(tmp_path).look([own])
    assert (answer.state, "crest of the agency" in (answer.reason or "")) == (HashState.TRIPWIRE, True)
    (tmp_path / "screening" / "b.txt").write_text("xyz\n")
    with pytest.raises(UsageError, match=r"b\.txt, line 1"):
        Screen.load(tmp_path)


def test_nothing_to_look_at(screen):
    assert screen.look([]) == []
    assert Screen([]).look([random.Random(2).randbytes(32)])[0].state is HashState.MATCHED
