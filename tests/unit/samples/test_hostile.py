import io
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.samples.hostile import (
    BOMB_SIDE,
    ESCAPES,
    HOSTILE,
    mutations,
    nested_zip,
    overlapping_zip,
    picture_bomb,
    zip_bomb,
)

NAMED = {"png": "PNG", "jpeg": "JPEG", "gif": "GIF", "tiff": "TIFF", "bmp": "BMP"}


@pytest.mark.parametrize("kind", NAMED)
def test_a_picture_bomb_is_small_and_claims_much(kind, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    content = picture_bomb(kind)
    assert len(content) < 250_000
    with Image.open(io.BytesIO(content)) as opened:
        assert (opened.format, opened.size) == (NAMED[kind], (BOMB_SIDE, BOMB_SIDE))


def test_every_hostile_file_is_small():
    sizes = {name: len(make()) for name, (_, make) in HOSTILE.items()}
    assert all(0 < size < 1 << 21 for size in sizes.values()), sizes


def test_a_zip_bomb_says_and_holds_what_it_unfolds_to():
    size = (3 << 20) + 17
    with zipfile.ZipFile(io.BytesIO(zip_bomb(size))) as archive:
        assert archive.infolist()[0].file_size == size
        assert archive.testzip() is None


def test_overlapping_entries_share_one_record():
    with zipfile.ZipFile(io.BytesIO(overlapping_zip(50, 1000))) as archive:
        assert {info.header_offset for info in archive.infolist()} == {0}
        assert len(archive.infolist()) == 50


def test_nested_zips_are_as_deep_as_asked():
    content = nested_zip(depth=5)
    for _ in range(6):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.infolist()[0])
    assert content == bytes(1 << 20)


def test_escaping_names_stand_in_the_zip_as_they_are():
    with zipfile.ZipFile(io.BytesIO(HOSTILE["zip-escaping"][1]())) as archive:
        assert [info.orig_filename.encode("cp437") for info in archive.infolist()] == list(ESCAPES)


def test_the_special_tar_holds_no_ordinary_file_before_its_links():
    with tarfile.open(fileobj=io.BytesIO(HOSTILE["tar-special"][1]())) as archive:
        members = archive.getmembers()
    assert {member.type for member in members} >= {
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
    }
    assert max(len(member.name) for member in members) == 60_004


@given(st.binary(max_size=3000), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_mutation_depends_on_its_generator_only_and_never_fails(content, seed):
    first, second = (mutations(np.random.default_rng(seed), content) for _ in range(2))
    assert first == second
    assert len(first) <= len(content) * 10_000 + 2_000


def test_nearly_every_mutation_changes_something():
    content = bytes(range(256)) * 8
    changed = [mutations(np.random.default_rng(seed), content) != content for seed in range(200)]
    assert sum(changed) > 190
