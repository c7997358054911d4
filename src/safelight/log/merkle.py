"""Merkle trees over SHA-256 as RFC 9162 has them (2.1): hashes, roots, proofs, and how proofs are checked.

Rules kept here:
- leaves and inner nodes are hashed with different prefixes, so that neither is taken for the other;
- nothing is believed about a proof: each hash has 32 bytes, each is used, an empty tree proves nothing;
- whoever checks needs neither the tree nor the entries; whoever proves asks for the roots of complete subtrees only,
  which never change once they are there.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from safelight.errors import InputError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a tree without leaves."""

Subtree = Callable[[int, int], bytes]
"""Asked with (level, number): the root of the `number`-th complete subtree of 2 to the `level` leaves, both from 0."""


class BadProofError(InputError):
    """The proof does not hold."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in one pass and with one hash a level held."""
    complete: list[tuple[int, bytes]] = []
    for leaf in leaves:
        level, whole = 0, leaf
        while complete and complete[-1][0] == level:
            level, whole = level + 1, node_hash(complete.pop()[1], whole)
        complete.append((level, whole))
    return _joined([whole for _level, whole in complete])


def root(subtree: Subtree, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range(subtree, 0, size)


def prove_inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of the first `size` leaves; from the leaf's sibling upwards.

    Raises:
        ValueError: there is no such leaf in it.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_range(subtree, middle, end))
            end = middle
        else:
            proof.append(_range(subtree, begin, middle))
            begin = middle
    return proof[::-1]


def prove_consistency(subtree: Subtree, old: int, new: int) -> list[bytes]:
    """The proof that the tree of the first `new` leaves goes on from that of the first `old` (RFC 9162, 2.1.4).

    Raises:
        ValueError: the old tree is empty, or larger than the new one.
    """
    if not 0 < old <= new:
        raise ValueError(f"nothing shows that {new} leaves go on from {old}")
    proof: list[bytes] = []
    begin, end, whole = 0, new, True
    while old < end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_range(subtree, middle, end))
            end = middle
        else:
            proof.append(_range(subtree, begin, middle))
            begin, whole = middle, False
    if not whole:
        proof.append(_range(subtree, begin, end))
    return proof[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Check that the leaf of this hash is number `index` in the tree of `size` leaves with the root `expected`.

    Raises:
        BadProofError: it is not, as far as this proof shows.
    """
    if not 0 <= index < size:
        raise BadProofError(f"there is no leaf {index} among {size}")
    _check_hashes([leaf, expected, *proof])
    reached = leaf
    for is_left, sibling in zip(_sides(index, size - 1, len(proof)), proof, strict=True):
        reached = node_hash(sibling, reached) if is_left else node_hash(reached, sibling)
    if reached != expected:
        raise BadProofError("the proof leads to another root")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves goes on from that of `old` leaves.

    Raises:
        BadProofError: it does not, as far as this proof shows.
    """
    if old == new:
        if proof or old_root != new_root:
            raise BadProofError("two trees of one size are not one tree, or come with a proof where none is needed")
        if old == 0 and old_root != EMPTY_ROOT:
            raise BadProofError("the root of an empty tree is another")
        return
    if not 0 < old < new:
        raise BadProofError(f"nothing can show that {new} leaves go on from {old}")
    _check_hashes([old_root, new_root, *proof])
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise BadProofError("the proof is too short")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_reached = new_reached = path[0]
    for is_left, sibling in zip(_sides(place, last, len(path) - 1), path[1:], strict=True):
        if is_left:
            old_reached, new_reached = node_hash(sibling, old_reached), node_hash(sibling, new_reached)
        else:
            new_reached = node_hash(new_reached, sibling)
    if old_reached != old_root or new_reached != new_root:
        raise BadProofError("the proof leads to other roots")


def _sides(place: int, last: int, count: int) -> Iterator[bool]:
    """Whether each hash of a proof, from below upwards, stands to the left of node `place` of 0 to `last`."""
    for _ in range(count):
        if last == 0:
            raise BadProofError("the proof is too long")
        is_left = bool(place & 1) or place == last
        while is_left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
        yield is_left
    if last:
        raise BadProofError("the proof is too short")


def _split(count: int) -> int:
    """The largest power of two below `count`, which is 2 or more."""
    return 1 << (count - 1).bit_length() - 1


def _range(subtree: Subtree, begin: int, end: int) -> bytes:
    """The root over leaves `begin` to `end`, where `begin` is where a tree that splits as RFC 9162 does has a node."""
    parts: list[bytes] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        parts.append(subtree(level, begin >> level))
        begin += 1 << level
    return _joined(parts)


def _joined(parts: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, largest first."""
    if not parts:
        return EMPTY_ROOT
    whole = parts[-1]
    for part in reversed(parts[:-1]):
        whole = node_hash(part, whole)
    return whole


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise BadProofError("a hash in it has not 32 bytes")
