import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.samples.pictures import SCENES, SHAPES, picture, pictures, scene, shape
from safelight.signatures import pdq


@pytest.fixture(scope="module")
def hashes():
    return [pdq.compute(np.asarray(image)).pdq for image in pictures(11, 30)]


def test_a_seed_and_a_number_give_the_same_picture_every_time():
    assert picture(3, 5).tobytes() == picture(3, 5).tobytes()
    assert picture(3, 5).tobytes() != picture(4, 5).tobytes()


@pytest.mark.parametrize("name", SCENES)
def test_each_scene_is_rgb_of_the_size_asked_for(name):
    image = scene(name, 1, 2, (200, 150))
    assert (image.mode, image.size) == ("RGB", (200, 150))


@given(st.integers(0, 2**32), st.sampled_from(list(SCENES)), st.integers(8, 120), st.integers(8, 120))
@settings(max_examples=30, deadline=None)
def test_every_seed_and_size_gives_a_picture_with_contents(seed, name, width, height):
    pixels = np.asarray(scene(name, seed, 0, (width, height)))
    assert pixels.shape == (height, width, 3)
    assert pixels.std() > 3


def test_nearly_all_have_the_quality_of_photographs(hashes):
    assert sum(one.quality >= 80 for one in hashes) >= 28
    assert all(one.usable for one in hashes)


def test_different_pictures_are_far_apart(hashes):
    codes = np.array([np.frombuffer(one.bits, np.uint8) for one in hashes])
    distances = np.bitwise_count(codes[:, None] ^ codes[None]).sum(axis=2, dtype=int)
    assert distances[~np.eye(len(codes), dtype=bool)].min() > 60


@pytest.mark.parametrize("name", SCENES)
def test_a_picture_keeps_its_contents_at_another_size(name):
    small, large = (pdq.compute(np.asarray(scene(name, 5, 1, size))).pdq.bits for size in ((320, 240), (960, 720)))
    assert pdq.distance(small, large) <= 40


def test_shapes_vary():
    assert {shape(1, number) for number in range(60)} == set(SHAPES)
