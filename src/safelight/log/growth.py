"""Growth of a log: entries become bundles and tiles; the checkpoint over them is for the caller to sign and write.

Rules kept here:
- nothing that was there changes, and nothing is built on a tree that is not the one that was last signed;
- a growth that was killed is done again with the same entries first: what it left is found and used;
- a tile is written after what it stands for, and a partial tile goes only when the full one is there.
"""

from collections.abc import Iterator, Sequence

from safelight.log.merkle import leaf_hash, root, root_of
from safelight.log.reading import entries as entries_of
from safelight.log.reading import read_hashes, subtree_reader
from safelight.log.tile_store import TileStore
from safelight.log.tiles import TILE_WIDTH, DamagedLogError, Tile, count_at, join_entries, tile_at, tiles_of


def grow(store: TileStore, size: int, signed_root: bytes, entries: Sequence[bytes]) -> tuple[int, bytes]:
    """Append entries to a log of `size` entries whose last signed root is `signed_root`; return its new size and root.

    All of it is on the disk when this returns, and none of it is published before a checkpoint says so. Entries whose
    growth was begun once keep their numbers: after a crash they are handed in again, in the same order.

    Raises:
        DamagedLogError: the log is not the one that was signed, or holds other entries beyond it already.
        CannotRunError: the disk is full, or cannot be written.
        ValueError: an entry is longer than an entry may be.
    """
    if root(subtree_reader(store, size), size) != signed_root:
        raise DamagedLogError(
            f"The tiles of the log do not lead to the root that was signed at {size} entries: restore it from a copy."
        )
    new_size = size + len(entries)
    store.write(_bundles(size, new_size, [*_last_entries(store, size), *entries]))
    fresh = [leaf_hash(entry) for entry in entries]
    level = 0
    while fresh:
        fresh = _grow_level(store, level, count_at(size, level), fresh)
        level += 1
    _drop_partials(store, size, new_size)
    return new_size, root(subtree_reader(store, new_size), new_size)


def _last_entries(store: TileStore, size: int) -> list[bytes]:
    """The entries of the last partial bundle, which are written again as part of a longer one; checked."""
    begin = size - size % TILE_WIDTH
    if begin == size:
        return []
    entries = list(entries_of(store, size, begin, size))
    tile = tile_at(0, begin // TILE_WIDTH, size)
    if [leaf_hash(entry) for entry in entries] != read_hashes(store, tile):
        raise DamagedLogError(f"The last entries of the log are not those of {tile.path}: restore it from a copy.")
    return entries


def _bundles(size: int, new_size: int, entries: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """The bundles to write; `entries` begin with those of the last partial bundle."""
    if size < new_size:
        for place, bundle in enumerate(tiles_of(None, size, new_size)):
            begin = place * TILE_WIDTH
            yield bundle, join_entries(entries[begin : begin + bundle.width])


def _grow_level(store: TileStore, level: int, count: int, fresh: Sequence[bytes]) -> list[bytes]:
    """Write the tiles of a level that has `count` hashes already; return what is new at the level above."""
    begin = count - count % TILE_WIDTH
    before = read_hashes(store, tile_at(level, begin // TILE_WIDTH, count)) if begin < count else []
    hashes = [*before, *fresh]
    files = {
        tile: hashes[place * TILE_WIDTH : place * TILE_WIDTH + tile.width]
        for place, tile in enumerate(tiles_of(level, begin, begin + len(hashes)))
    }
    store.write((tile, b"".join(held)) for tile, held in files.items())
    return [root_of(held) for tile, held in files.items() if tile.is_full]


def _drop_partials(store: TileStore, size: int, new_size: int) -> None:
    """Remove the partial tiles that stood at the right edge before, where full ones took their place."""
    level = 0
    while count := count_at(size, level):
        edge = tile_at(level, (count - 1) // TILE_WIDTH, count_at(new_size, level))
        if edge.is_full:
            store.drop_partials(edge)
            if level == 0:
                store.drop_partials(Tile(None, edge.number))
        level += 1
