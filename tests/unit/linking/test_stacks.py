"""Stacks are what going through the items one by one would give, whatever their order."""

import hashlib
import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.linking.stacks import build_stacks
from safelight.linking.types import Stack, StackItem, StackMember
from safelight.signatures import tiles
from safelight.signatures.pdq import distance

HASH = bytes(range(32))


def tile_of(seed: int, noise: int = 0) -> bytes:
    """A smooth random tile; `noise` disturbs it by up to so many levels."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (4, 4)).repeat(16, 0).repeat(16, 1)
    return (coarse + np.random.default_rng(99).integers(-noise, noise + 1, (64, 64))).astype(np.uint8).tobytes()


def flipped(bits: bytes, count: int, start: int = 0) -> bytes:
    """The hash with `count` bits turned, from bit `start` on."""
    number = int.from_bytes(bits)
    for bit in range(start, start + count):
        number ^= 1 << bit
    return number.to_bytes(32)


@dataclass(frozen=True)
class Held:
    """An item whose tile is in memory."""

    key: int
    digest: bytes
    pixels: bytes
    pdq: bytes | None
    tile: bytes
    shown_size: tuple[int, int]
    byte_size: int


def item(key: int, **given_fields) -> StackItem:
    """An item that shares nothing with others but its hash and tile."""
    fields = {
        "digest": hashlib.sha256(str(key).encode()).digest(),
        "pixels": key.to_bytes(16),
        "pdq": HASH,
        "tile": tile_of(0),
        "shown_size": (640 - key, 480),
        "byte_size": 1000,
    }
    return Held(key, **{**fields, **given_fields})


def stacked(items: list[StackItem]) -> list[Stack]:
    tile = {thing.key: thing.tile for thing in items}
    return build_stacks(items, lambda keys: [tile[key] for key in keys])


def members(stacks: list[Stack]) -> list[list[int]]:
    return [[member.key for member in stack.members] for stack in stacks]


def one_by_one(items: list[StackItem], radius: int = 10, match_radius: int = 31):
    """The rules of the module, read out plainly: per stack its keys, and whom its representative is near to."""
    ordered = sorted(items, key=lambda i: (-i.shown_size[0] * i.shown_size[1], -i.byte_size, i.digest, i.key))
    groups: list[list[StackItem]] = []
    for thing in ordered:
        for group in groups:
            same = (group[0].pixels, group[0].shown_size, group[0].tile) == (thing.pixels, thing.shown_size, thing.tile)
            if same or any(thing.digest == known.digest for known in group):
                group.append(thing)
                break
        else:
            groups.append([thing])
    stacks: list[list[StackItem]] = []
    near: dict[int, int] = {}
    for group in groups:
        first = group[0]
        within = [
            (distance(first.pdq, stack[0].pdq), place)
            for place, stack in enumerate(stacks)
            if first.pdq and stack[0].pdq and distance(first.pdq, stack[0].pdq) <= match_radius
        ]
        passing = [
            place
            for bits, place in sorted(within)
            if bits <= radius
            and same_shape(first, stacks[place][0])
            and tiles.difference(first.tile, stacks[place][0].tile) <= tiles.SAME
        ]
        if passing:
            stacks[passing[0]] += group
            continue
        if within:
            near[first.key] = stacks[min(within)[1]][0].key
        stacks.append(list(group))
    return [[thing.key for thing in stack] for stack in stacks], near


def same_shape(a: StackItem, b: StackItem) -> bool:
    ratio = a.shown_size[0] / a.shown_size[1] / (b.shown_size[0] / b.shown_size[1])
    return max(ratio, 1 / ratio) <= 1.02


@st.composite
def item_sets(draw):
    """Items around a few hashes, with copies, equal pixels, equal digests, other shapes, other tiles and no hash."""
    rng = random.Random(draw(st.integers(0, 2**32 - 1)))
    chosen = []
    for key in range(draw(st.integers(0, 40))):
        code = flipped(HASH, rng.randrange(24), rng.choice([0, 5, 100]))
        chosen.append(
            item(
                key,
                digest=hashlib.sha256(bytes([rng.randrange(60)])).digest() if rng.random() < 0.2 else item(key).digest,
                pixels=bytes([rng.randrange(8)]) * 16 if rng.random() < 0.3 else item(key).pixels,
                pdq=None if rng.random() < 0.1 else code,
                tile=tile_of(rng.choice([0, 0, 0, 1]), rng.choice([0, 5, 30])),
                shown_size=rng.choice([(640, 480), (320, 240), (640, 486), (480, 640)]),
                byte_size=rng.randrange(3),
            )
        )
    # Equal bytes show equal pixels: an item's signatures follow from its digest.
    first = {}
    for thing in chosen:
        first.setdefault(thing.digest, thing)
    return [Held(thing.key, *same_content(first[thing.digest])) for thing in chosen]


def same_content(thing: StackItem):
    return thing.digest, thing.pixels, thing.pdq, thing.tile, thing.shown_size, thing.byte_size


@settings(max_examples=80, deadline=None)
@given(item_sets(), st.randoms(use_true_random=False))
def test_stacks_are_those_of_going_one_by_one_in_any_order(items, shuffler):
    expected, near = one_by_one(items)
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    stacks = stacked(shuffled)
    assert [sorted(stack) for stack in members(stacks)] == [sorted(stack) for stack in expected]
    assert {beside.key: stack.members[0].key for stack in stacks for beside in stack.near} == near
    assert stacks == stacked(items)


@settings(max_examples=40, deadline=None)
@given(item_sets())
def test_each_item_is_in_exactly_one_stack(items):
    keys = [key for stack in members(stacked(items)) for key in stack]
    assert sorted(keys) == sorted(thing.key for thing in items)


@pytest.mark.parametrize("count", [300, 3000])
def test_many_items_over_several_batches_equal_going_one_by_one(count):
    rng = random.Random(count)
    centres = [rng.randbytes(32) for _ in range(count // 20)]
    items = [
        item(
            key,
            pdq=flipped(rng.choice(centres), rng.randrange(14), rng.randrange(200)),
            shown_size=(rng.randrange(396, 404), 300),
        )
        for key in range(count)
    ]
    expected, near = one_by_one(items)
    stacks = stacked(items)
    assert [sorted(stack) for stack in members(stacks)] == [sorted(stack) for stack in expected]
    assert {beside.key: stack.members[0].key for stack in stacks for beside in stack.near} == near


def test_copies_of_copies_are_not_chained():
    items = [item(key, pdq=flipped(HASH, 8 * key)) for key in range(4)]
    assert members(stacked(items)) == [[0, 1], [2, 3]]


def test_a_copy_joins_the_nearest_representative():
    items = [item(0), item(1, pdq=flipped(HASH, 14)), item(2, pdq=flipped(HASH, 10))]
    [_, second] = stacked(items)
    assert [member.key for member in second.members] == [1, 2]
    assert second.members[1] == StackMember(2, "copy", 4, 0.0)


def test_the_representative_has_most_pixels_then_most_bytes_then_the_smallest_digest():
    small = item(1, shown_size=(64, 48), byte_size=9999)
    large = item(2, shown_size=(640, 480), byte_size=10)
    richer = item(3, shown_size=(640, 480), byte_size=20)
    first = item(4, shown_size=(640, 480), byte_size=20, digest=bytes(32))
    assert members(stacked([small, large, richer, first])) == [[4, 3, 2, 1]]


@pytest.mark.parametrize("bits", [9, 10, 11, 31, 32])
def test_the_radius_is_a_limit(bits):
    stacks = stacked([item(0), item(1, pdq=flipped(HASH, bits))])
    if bits <= 10:
        assert members(stacks) == [[0, 1]]
    else:
        assert members(stacks) == [[0], [1]]
        assert [member.key for member in stacks[0].near] == ([1] if bits <= 31 else [])


def test_another_shape_stands_beside():
    [first, second] = stacked([item(0, shown_size=(640, 480)), item(1, shown_size=(480, 480))])
    assert first.near == (StackMember(1, "near", 0, 0.0),)
    assert second.near == ()


def test_another_tile_stands_beside():
    [first, _] = stacked([item(0), item(1, tile=tile_of(1))])
    assert first.near[0].key == 1
    assert first.near[0].difference > tiles.SAME


def test_same_pixels_join_without_a_hash_and_need_size_and_tile_too():
    def plain(key, **fields):
        return item(key, **{"pdq": None, "pixels": bytes(16), "shown_size": (100, 100), **fields})

    items = [plain(0), plain(1), plain(2, shown_size=(100, 99)), plain(3, tile=tile_of(1))]
    stacks = stacked(items)
    assert sorted(sorted(stack) for stack in members(stacks)) == [[0, 1], [2], [3]]
    assert not any(stack.near for stack in stacks)


def test_same_pixels_as_a_copy_are_copies():
    items = [item(0), item(1, pdq=flipped(HASH, 3), pixels=b"p" * 16, shown_size=(320, 240))]
    items.append(item(2, pdq=flipped(HASH, 3), pixels=b"p" * 16, shown_size=(320, 240)))
    [stack] = stacked(items)
    assert [(member.how, member.distance) for member in stack.members] == [
        ("representative", None),
        ("copy", 3),
        ("copy", 3),
    ]


def test_nothing_gives_nothing():
    assert stacked([]) == []


def test_tiles_are_read_only_where_needed():
    def refuse(keys):
        assert list(keys) == []
        return []

    items = [item(key, pdq=hashlib.sha256(bytes([key])).digest()) for key in range(50)]
    assert len(build_stacks(items, refuse)) == 50


def test_few_tiles_are_read_at_a_time():
    asked = []

    def tiles_of(keys):
        asked.append(len(keys))
        return [tile_of(0)] * len(keys)

    items = [item(key, pdq=None, pixels=bytes(16), shown_size=(9, 9)) for key in range(9000)]
    [stack] = build_stacks(items, tiles_of)
    assert (len(stack.members), sum(asked), max(asked)) == (9000, 9000, 4096)


def test_a_tile_that_was_compared_is_not_read_again_while_few_are_kept(monkeypatch):
    """Rows of near copies: each picture is compared with the representatives of its neighbours, batch after batch."""
    items = [item(key, pdq=flipped(HASH, 2, key % 40), tile=tile_of(key % 7, 2)) for key in range(300)]
    tiles_by_key = {one.key: one.tile for one in items}
    asked: list[int] = []

    def tiles_of(keys):
        asked.extend(keys)
        return [tiles_by_key[key] for key in keys]

    whole = build_stacks(items, tiles_of)
    assert len(asked) == len(set(asked)) > 0
    once = len(asked)
    monkeypatch.setattr("safelight.linking.stacks._TILES_KEPT", 1)
    assert build_stacks(items, tiles_of) == whole
    assert len(asked) > 2 * once
