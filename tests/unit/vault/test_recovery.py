"""The recovery kit: any n sheets give the key back, nothing else does, and errors name the sheet at fault."""

import json
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import generate_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from safelight.errors import UsageError
from safelight.vault.keys import RootKey, new_root
from safelight.vault.recovery import BadShareError, TooFewSharesError, make_kit, restore_root, words_of

ROOT = RootKey(bytes(range(32)))
DAY = date(2030, 1, 2)


def kit_of(needed: int, total: int, root: RootKey = ROOT) -> list[str]:
    return [sheet.words for sheet in make_kit(root, node="Unit Harbour", needed=needed, total=total, made_on=DAY)]


THREE_OF_FIVE = kit_of(3, 5)


@pytest.mark.parametrize(("needed", "total"), [(2, 2), (2, 3), (3, 5), (4, 4)])
def test_any_of_the_needed_shares_give_the_key_back(needed, total):
    words = kit_of(needed, total)
    for count in range(needed, total + 1):
        for chosen in combinations(words, count):
            assert restore_root(chosen[::-1]) == ROOT


@given(secret=st.binary(min_size=32, max_size=32), numbers=st.tuples(st.integers(2, 16), st.integers(2, 16)))
@settings(deadline=None, max_examples=15)
def test_every_root_comes_back(secret, numbers):
    needed, total = sorted(numbers)
    assert restore_root(kit_of(needed, total, RootKey(secret))[total - needed :]) == RootKey(secret)


def test_words_are_read_however_they_are_typed():
    typed = [f"  {words.upper()} ".replace(" ", "\n ") for words in THREE_OF_FIVE[:3]]
    assert restore_root(typed) == ROOT


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_are_refused(count):
    with pytest.raises(TooFewSharesError, match=f"needs 3 shares and {count} were given"):
        restore_root(THREE_OF_FIVE[:count])


def test_none_at_all_are_refused():
    with pytest.raises(TooFewSharesError, match="No share was given"):
        restore_root([])


def test_a_mistyped_share_is_named_and_its_words_are_not():
    words = THREE_OF_FIVE[1].split()
    wrong_word = " ".join([*words[:9], "lighthouse", *words[10:]])
    other = "academic" if words[9] != "academic" else "acid"
    wrong_check = " ".join([*words[:9], other, *words[10:]])
    swapped = " ".join([words[1], words[0], *words[2:]]) if words[0] != words[1] else wrong_check
    for bad in (wrong_word, wrong_check, swapped, " ".join(words[:-1]), " ".join([*words, "acid"]), ""):
        with pytest.raises(BadShareError, match="Share 2 of those given is not as it was printed") as raised:
            restore_root([THREE_OF_FIVE[0], bad, THREE_OF_FIVE[2]])
        assert not {*words, "lighthouse"} & set(raised.value.message.replace(",", " ").replace(".", " ").split()) - {
            "share"
        }


@given(place=st.integers(0, 32), number=st.integers(0, 1023))
@settings(deadline=None, max_examples=150)
def test_one_wrong_word_never_gives_a_key(place, number):
    words = THREE_OF_FIVE[0].split()
    if words[place] != WORDLIST[number]:
        words[place] = WORDLIST[number]
        with pytest.raises(BadShareError):
            restore_root([" ".join(words), *THREE_OF_FIVE[1:3]])


def test_shares_of_two_kits_are_refused_even_of_one_root():
    other = kit_of(3, 5)
    while other[0].split()[:2] == THREE_OF_FIVE[0].split()[:2]:
        other = kit_of(3, 5)
    with pytest.raises(BadShareError, match="Share 3 of those given is of another kit"):
        restore_root([*THREE_OF_FIVE[:2], other[2]])


def test_a_share_given_twice_is_refused():
    with pytest.raises(BadShareError, match="Share 3 of those given is the same sheet as share 1"):
        restore_root([THREE_OF_FIVE[0], THREE_OF_FIVE[1], THREE_OF_FIVE[0]])


def test_shares_of_two_kits_of_one_number_give_no_key(monkeypatch):
    monkeypatch.setattr("shamir_mnemonic.shamir._random_identifier", lambda: 77)
    one, other = kit_of(2, 3), kit_of(2, 3, RootKey(b"x" * 32))
    with pytest.raises(BadShareError, match="do not give a key together"):
        restore_root([one[0], other[1]])


@pytest.mark.parametrize(
    ("groups", "needed", "secret"),
    [([(2, 3)], 1, b"s" * 16), ([(2, 3), (2, 3)], 2, b"s" * 32)],
    ids=["a shorter key", "more groups"],
)
def test_shares_of_something_else_are_refused(groups, needed, secret):
    shares = generate_mnemonics(needed, groups, secret)[0]
    with pytest.raises(BadShareError, match="not of a Safelight recovery kit"):
        restore_root(shares[:2])


@pytest.mark.parametrize(("needed", "total"), [(1, 1), (1, 3), (0, 2), (3, 2), (2, 17), (17, 17), (-2, 3)])
def test_numbers_that_cannot_be_are_refused(needed, total):
    with pytest.raises(UsageError, match="cannot be"):
        kit_of(needed, total)


def test_a_name_that_cannot_be_printed_is_refused():
    with pytest.raises(UsageError, match="cannot be printed"):
        make_kit(ROOT, node="Unit\x1b[31m", needed=2, total=3, made_on=DAY)


def test_a_sheet_says_what_it_is_for_and_what_not_to_do():
    sheet = make_kit(ROOT, node="Unit Harbour", needed=3, total=5, made_on=DAY)[1]
    text = sheet.text()
    flat = " ".join(text.split())
    for said in (
        "share 2 of 5",
        "Node: Unit Harbour",
        f"Key: {ROOT.fingerprint()}",
        "Made: 2030-01-02",
        "Any 3 of the 5 shares",
        "Do not photograph it",
        "apart from the other shares",
    ):
        assert said in flat
    assert all(len(line) <= 72 for line in text.splitlines())
    assert text.isascii()


def test_the_words_are_numbered_and_can_be_read_off_the_sheet():
    for sheet in make_kit(new_root(), node="Unit Harbour", needed=2, total=3, made_on=DAY):
        rows = [line.split() for line in sheet.text().splitlines() if line[:4].strip().isdigit()]
        parts = [part for row in rows for part in row]
        assert parts[::2] == [str(number) for number in range(1, 34)]
        assert " ".join(parts[1::2]) == sheet.words


def test_the_words_come_out_of_the_text_of_a_whole_sheet_and_out_of_words_alone():
    for sheet in make_kit(ROOT, node="Unit Harbour", needed=2, total=3, made_on=DAY):
        assert words_of(sheet.text()) == sheet.words
        assert words_of(sheet.text().replace("\n", "\r\n")) == sheet.words
        assert words_of(f"  {sheet.words}\n".replace(" ", "  ")) == sheet.words
    assert words_of("") == ""


def test_a_sheet_shows_its_words_on_paper_only():
    sheet = make_kit(ROOT, node="Unit Harbour", needed=2, total=3, made_on=DAY)[0]
    assert sheet.words not in repr(sheet)
    assert not set(sheet.words.split()) & set(json.dumps(repr(sheet)).split())


def test_a_kit_of_the_older_form_is_restored():
    """SLIP-0039 without its extendable flag, as other programs write it."""
    shares = generate_mnemonics(1, [(2, 3)], ROOT.secret, extendable=False, iteration_exponent=0)[0]
    assert restore_root(shares[1:]) == ROOT
