"""Reads a tree and its entries out of tiles. What is read is checked for its form, not against the checkpoint."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from safelight.log.merkle import Subtree, root_of
from safelight.log.tile_store import NoSuchTileError, TileStore
from safelight.log.tiles import TILE_WIDTH, Tile, count_at, split_entries, split_hashes, tile_at

_HELD_TILES = 64


def read_hashes(store: TileStore, tile: Tile) -> list[bytes]:
    """The hashes of a tile; a partial one that is gone is read out of the full tile that took its place.

    Raises:
        NoSuchTileError: neither is there.
        DamagedLogError: there are not as many hashes as the tile's name says.
    """
    found, content = _read(store, tile)
    return split_hashes(content, found)[: tile.width]


def read_entries(store: TileStore, bundle: Tile) -> list[bytes]:
    """The entries of a bundle; a partial one that is gone is read out of the full bundle that took its place.

    Raises:
        NoSuchTileError: neither is there.
        DamagedLogError: there are not as many whole entries as the bundle's name says.
    """
    found, content = _read(store, bundle)
    return split_entries(content, found)[: bundle.width]


def _read(store: TileStore, tile: Tile) -> tuple[Tile, bytes]:
    try:
        return tile, store.read(tile)
    except NoSuchTileError:
        if not tile.is_full:
            with suppress(NoSuchTileError):
                return tile.full, store.read(tile.full)
        raise


def subtree_reader(store: TileStore, size: int) -> Subtree:
    """The roots of complete subtrees of a tree of `size` leaves, for `merkle`'s roots and proofs.

    It raises `DamagedLogError` where a tile is missing or has a wrong length, and `ValueError` for a subtree beyond
    `size`.
    """

    @lru_cache(maxsize=_HELD_TILES)
    def hashes(tile: Tile) -> list[bytes]:
        return read_hashes(store, tile)

    def subtree(level: int, number: int) -> bytes:
        tile_level, height = divmod(level, 8)
        begin, end = number << height, number + 1 << height
        count = count_at(size, tile_level)
        if not 0 <= begin < end <= count:
            raise ValueError(f"subtree {number} of level {level} is not within {size} leaves")
        tile = tile_at(tile_level, begin // TILE_WIDTH, count)
        at = begin % TILE_WIDTH
        return root_of(hashes(tile)[at : at + end - begin])

    return subtree


def entries(store: TileStore, size: int, begin: int, end: int) -> Iterator[bytes]:
    """The entries from number `begin` up to `end` of a log of `size` entries, in order.

    Raises:
        ValueError: there are no such entries.
        DamagedLogError: a bundle is missing, or not whole.
    """
    if not 0 <= begin <= end <= size:
        raise ValueError(f"there are no entries {begin} to {end} among {size}")
    for number in range(begin // TILE_WIDTH, -(-end // TILE_WIDTH)):
        first = number * TILE_WIDTH
        bundle = read_entries(store, tile_at(None, number, size))
        yield from bundle[max(begin - first, 0) : end - first]
