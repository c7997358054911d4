"""Memory for large pictures: what one file leaves behind never reaches the next."""

import io

import numpy as np
import pytest
from PIL import Image

from safelight.media.memory import LARGE, PixelMemory, pixel_memory
from safelight.signatures.family import examine_family

SIZE = 10 * LARGE + 12345


def filled(memory: PixelMemory, size: int = SIZE) -> np.ndarray:
    lent = memory.take(size)
    assert lent is not None
    pixels = np.frombuffer(lent, np.uint8, size)
    assert not pixels.any()
    pixels[:] = 7
    return pixels


def test_small_pictures_are_the_allocators():
    assert PixelMemory().take(LARGE - 1) is None


@pytest.mark.parametrize("next_size", [SIZE - 1000, SIZE, 3 * SIZE])
def test_the_next_picture_finds_zeros(next_size):
    memory = PixelMemory()
    for size in (SIZE, next_size, SIZE):
        filled(memory, size)  # not wiped in between: it is before it is handed out


def test_what_is_wiped_is_zero_and_the_memory_is_the_same():
    memory = PixelMemory()
    filled(memory)
    pages = memory._pages
    memory.wipe()
    assert pages is not None
    assert not np.frombuffer(pages, np.uint8).any()
    filled(memory)
    assert memory._pages is pages


def test_two_pictures_at_once_never_share():
    memory = PixelMemory()
    first = filled(memory)
    second = filled(memory)
    assert not np.shares_memory(first, second)
    assert (first == 7).all()


def test_memory_that_somebody_holds_on_to_is_let_go_of():
    memory = PixelMemory()
    kept = filled(memory)
    memory.wipe()
    assert memory._pages is None
    assert not np.shares_memory(kept, filled(memory))


@pytest.mark.parametrize("broken", [False, True])
def test_nothing_of_a_picture_is_left_when_it_is_examined(broken):
    written = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(1, 255, (1200, 1000, 3), dtype=np.uint8)).save(written, "JPEG")
    content = written.getvalue()
    examine_family(content[: len(content) // (2 if broken else 1)], b"jpeg")
    assert pixel_memory._pages is not None
    assert not np.frombuffer(pixel_memory._pages, np.uint8).any()
