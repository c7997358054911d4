"""Tiles and bundles: one name each, and bytes of exactly the stated form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.log.tiles import (
    MAX_ENTRY_BYTES,
    DamagedLogError,
    Tile,
    count_at,
    join_entries,
    split_entries,
    split_hashes,
    tile_at,
    tiles_of,
)

TILES = st.builds(Tile, st.none() | st.integers(0, 63), st.integers(0, 10**21 - 1), st.integers(1, 256))


@given(TILES)
def test_a_path_is_read_as_it_was_written(tile):
    assert Tile.parse(tile.path) == tile


@given(TILES)
def test_only_a_full_tile_is_its_own_full_tile(tile):
    assert (tile.full == tile) == tile.is_full == (tile.width == 256)
    assert tile.full.width == 256


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/x/001",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/001.p/0",
        "tile/0/001.p/01",
        "tile/0/001.p/256",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/0/001\n",
        "/tile/0/001",
        "tile/0/../001",
        "tile/entries/x1234/067",
        "tile/0/\u0660\u0660\u0661",
    ],
)
def test_what_is_no_path_of_a_tile_is_refused(path):
    with pytest.raises(ValueError, match=r"path of a tile|there is no tile"):
        Tile.parse(path)


@pytest.mark.parametrize(("level", "number", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (None, 0, 257)])
def test_an_impossible_tile_is_never_made(level, number, width):
    with pytest.raises(ValueError, match="there is no tile"):
        Tile(level, number, width)


@given(st.integers(0, 200_000), st.sampled_from([None, 0, 1, 2]))
def test_the_tiles_of_a_tree_have_as_many_hashes_as_the_standard_says(size, level):
    tiles = list(tiles_of(level, 0, count_at(size, level)))
    assert sum(tile.width for tile in tiles) == size // 256 ** (level or 0)
    assert [tile.number for tile in tiles] == list(range(len(tiles)))
    assert all(tile.is_full for tile in tiles[:-1])


def test_only_what_is_new_is_written_again():
    assert list(tiles_of(0, 256, 256)) == []
    assert list(tiles_of(0, 255, 257)) == [Tile(0, 0), Tile(0, 1, 1)]
    with pytest.raises(ValueError, match="there is no tile"):
        tile_at(0, 1, 256)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_was_written(entries):
    assert split_entries(join_entries(entries), Tile(None, 0, len(entries))) == entries


def test_an_entry_has_a_length_that_two_bytes_say():
    longest = bytes(MAX_ENTRY_BYTES)
    assert split_entries(join_entries([longest]), Tile(None, 0, 1)) == [longest]
    assert len(join_entries([longest])) == Tile(None, 0, 1).max_bytes
    with pytest.raises(ValueError, match="65536 bytes"):
        join_entries([longest + b"x"])


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\x01", b"\0\x01a\0", b"\0\x01a\0\0", b"\0\x02a"])
def test_a_bundle_that_is_not_whole_is_refused(content):
    with pytest.raises(DamagedLogError, match=r"tile/entries/000\.p/1 of the log"):
        split_entries(content, Tile(None, 0, 1))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_tile_of_a_wrong_length_is_refused(length):
    assert split_hashes(bytes(range(32)) * 2, Tile(0, 0, 2)) == [bytes(range(32))] * 2
    with pytest.raises(DamagedLogError, match=f"{length} bytes instead of 32"):
        split_hashes(bytes(length), Tile(0, 0, 1))
