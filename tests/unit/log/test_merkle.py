"""Proofs hold for every leaf and every earlier size, against a tree built as the standard writes it down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.log.merkle import (
    EMPTY_ROOT,
    BadProofError,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root,
    root_of,
)

SIZES = st.integers(1, 70)


def model(leaves):
    """RFC 9162, 2.1.1, word by word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(model(leaves[:split]), model(leaves[split:]))


def tree(size):
    leaves = [leaf_hash(number.to_bytes(2)) for number in range(size)]
    return leaves, lambda level, number: model(leaves[number << level : (number + 1) << level])


@given(st.integers(0, 70))
def test_roots_are_those_of_the_standard(size):
    leaves, subtree = tree(size)
    assert root_of(leaves) == root(subtree, size) == model(leaves)


@given(SIZES, st.data())
def test_every_leaf_can_be_proved_and_no_other_in_its_place(size, data):
    leaves, subtree = tree(size)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(subtree, index, size)
    check_inclusion(leaves[index], index, size, proof, model(leaves))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index) if size > 1 else st.just(size))
    with pytest.raises(BadProofError):
        check_inclusion(leaves[index], other, size, proof, model(leaves))


@given(SIZES, SIZES)
def test_every_tree_can_be_shown_to_go_on_from_every_earlier_one(one, other):
    old, new = sorted((one, other))
    leaves, subtree = tree(new)
    proof = prove_consistency(subtree, old, new)
    check_consistency(old, new, model(leaves[:old]), model(leaves), proof)
    if old < new:
        forged = [leaf_hash(b"forged"), *leaves[1:]]
        with pytest.raises(BadProofError):
            check_consistency(old, new, model(leaves[:old]), model(forged), proof)


def spoiled(proof, at):
    """A proof with a bit of its hash `at` turned, a hash less, one more, and one that is none."""
    turned = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    return (
        [*proof[:at], turned, *proof[at + 1 :]],
        proof[:-1],
        [*proof, proof[0]],
        [*proof[:at], b"", *proof[at:]],
    )


@given(st.integers(2, 70), st.data())
def test_a_proof_with_a_bit_turned_a_hash_more_or_less_does_not_hold(size, data):
    leaves, subtree = tree(size)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(subtree, index, size)
    for bad in spoiled(proof, data.draw(st.integers(0, len(proof) - 1))):
        with pytest.raises(BadProofError):
            check_inclusion(leaves[index], index, size, bad, model(leaves))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_nothing_to_prove_about_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="there is no leaf"):
        prove_inclusion(tree(3)[1], index, size)
    with pytest.raises(BadProofError):
        check_inclusion(EMPTY_ROOT, index, size, [], EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (4, 3)])
def test_nothing_goes_on_from_an_empty_or_a_larger_tree(old, new):
    with pytest.raises(ValueError, match="go on from"):
        prove_consistency(tree(4)[1], old, new)


def test_two_empty_trees_are_one():
    check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    with pytest.raises(BadProofError):
        check_consistency(0, 0, bytes(32), bytes(32), [])


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_no_proof_shows_that_anything_goes_on_from_an_empty_or_a_larger_tree(old, new):
    with pytest.raises(BadProofError, match=f"nothing can show that {new} leaves go on from {old}"):
        check_consistency(old, new, EMPTY_ROOT, EMPTY_ROOT, [])


@given(SIZES, SIZES, st.data())
def test_a_proof_that_a_tree_goes_on_holds_as_it_is_and_in_no_other_way(one, other, data):
    old, new = sorted((one, other + 1 if one == other else other))
    leaves, subtree = tree(new)
    roots = model(leaves[:old]), model(leaves)
    proof = prove_consistency(subtree, old, new)
    for bad in spoiled(proof, data.draw(st.integers(0, len(proof) - 1))):
        with pytest.raises(BadProofError):
            check_consistency(old, new, *roots, bad)
    for wrong in ((roots[1], roots[0]), (roots[0], leaf_hash(b"forged")), (roots[0][:-1], roots[1]), (roots[0], b"")):
        with pytest.raises(BadProofError):
            check_consistency(old, new, *wrong, proof)


def test_a_proof_of_three_leaves_is_the_standards():
    """Three leaves over the first two of them: RFC 9162, 2.1.4, by hand."""
    a, b, c = tree(3)[0]
    root_of_three = node_hash(node_hash(a, b), c)
    check_consistency(2, 3, node_hash(a, b), root_of_three, [c])
    check_consistency(1, 3, a, root_of_three, [b, c])
    check_inclusion(c, 2, 3, [node_hash(a, b)], root_of_three)


@pytest.mark.parametrize(
    ("old", "new", "proof", "why"),
    [
        (3, 4, [], "the proof is too short"),
        (2, 4, [], "the proof is too short"),
        (2, 4, [bytes(32)] * 2, "the proof is too long"),
        (2, 4, [bytes(32)], "the proof leads to other roots"),
        (2, 4, [bytes(31)], "a hash in it has not 32 bytes"),
        (2, 2, [], "two trees of one size are not one tree, or come with a proof where none is needed"),
    ],
)
def test_what_is_wrong_with_a_proof_is_said(old, new, proof, why):
    with pytest.raises(BadProofError, match=f"^{why}$"):
        check_consistency(old, new, leaf_hash(b"old"), leaf_hash(b"new"), proof)


def test_one_tree_needs_no_proof_and_takes_none():
    check_consistency(2, 2, leaf_hash(b""), leaf_hash(b""), [])
    with pytest.raises(BadProofError, match="where none is needed"):
        check_consistency(2, 2, leaf_hash(b""), leaf_hash(b""), [bytes(32)])
    with pytest.raises(BadProofError, match=r"^the root of an empty tree is another$"):
        check_consistency(0, 0, bytes(32), bytes(32), [])


@pytest.mark.parametrize(
    ("index", "size", "proof", "why"),
    [
        (0, 1, [bytes(32)], "the proof is too long"),
        (0, 2, [], "the proof is too short"),
        (0, 2, [bytes(32)], "the proof leads to another root"),
        (0, 2, [bytes(33)], "a hash in it has not 32 bytes"),
        (2, 2, [], "there is no leaf 2 among 2"),
    ],
)
def test_what_is_wrong_with_a_proof_of_a_leaf_is_said(index, size, proof, why):
    with pytest.raises(BadProofError, match=f"^{why}$"):
        check_inclusion(leaf_hash(b"a"), index, size, proof, leaf_hash(b"root"))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_leaf_or_root_of_another_length_proves_nothing(length):
    for leaf, expected in ((bytes(length), bytes(length)), (bytes(32), bytes(length))):
        with pytest.raises(BadProofError, match="not 32 bytes"):
            check_inclusion(leaf, 0, 1, [], expected)
