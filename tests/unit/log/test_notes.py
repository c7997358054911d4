"""Notes: one spelling, no signature believed unchecked, none of a known key overlooked."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.log.notes import (
    MAX_SIGNATURES,
    BadKeyError,
    BadNoteError,
    BadSignatureError,
    Note,
    NoteSignature,
    SignatureType,
    Signer,
    UnsignedError,
    VerifierKey,
    sign,
    verify,
)

ALPHA = Signer("agency-alpha.example/log", bytes(range(32)))
BETA = Signer("agency-beta.example/log", bytes(range(1, 33)))
NAMES = st.text(min_size=1, max_size=20).filter(
    lambda name: not any(char.isspace() or char == "+" or char < " " or "\ud800" <= char <= "\udfff" for char in name)
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.just("\n")).map(
    lambda text: text + "\n"
)
LINES = st.builds(NoteSignature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


@given(TEXTS, st.lists(LINES, min_size=1, max_size=4))
def test_a_note_is_read_as_it_was_written(text, lines):
    note = Note(text, tuple(lines))
    assert Note.parse(note.encode()) == note


def test_only_the_last_empty_line_ends_the_text():
    note = Note("One\n\nTwo\n\n\nThree\n", (NoteSignature("alpha", bytes(4), b"signature"),))
    assert Note.parse(note.encode()) == note


@given(st.binary() | st.binary().map(lambda some: b"A\n\n\xe2\x80\x94 " + some + b"\n"))
def test_whatever_is_read_as_a_note_has_one_spelling(content):
    try:
        note = Note.parse(content)
    except BadNoteError:
        return
    assert note.encode() == content


@given(NAMES, st.binary(min_size=32, max_size=32), st.sampled_from([SignatureType(1), SignatureType(4)]))
def test_a_key_is_read_as_it_was_written(name, public, kind):
    key = VerifierKey(name, kind, public)
    assert VerifierKey.parse(str(key)) == key


@given(st.data())
def test_no_byte_of_a_key_can_be_another(data):
    text = str(ALPHA.key)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda char: char != text[at]))
    with pytest.raises(BadKeyError):
        VerifierKey.parse(text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+00000000+",
        "name+00000000+AA",
        "name+00000000+A===",
        "name+0000000G+AQ==",
        "name+00000000+AQ==",
        "+00000000+AQ==",
        "a name+00000000+AQ==",
        "\udcffname+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(),
    ],
)
def test_a_malformed_key_is_refused(text):
    with pytest.raises(BadKeyError):
        VerifierKey.parse(text)


def test_a_key_of_another_type_is_refused_by_name():
    with pytest.raises(BadKeyError, match="of type 0x02, which is not supported"):
        VerifierKey.parse("name+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode())


def test_a_key_under_another_identifier_is_refused_with_the_right_one():
    name, key_id, content = str(ALPHA.key).split("+", 2)
    with pytest.raises(BadKeyError, match=key_id):
        VerifierKey.parse(f"{name}+00000000+{content}")


def test_the_same_key_has_another_identifier_for_another_type():
    other = VerifierKey(ALPHA.key.name, SignatureType.ED25519_COSIGNATURE, ALPHA.key.public)
    assert other.id != ALPHA.key.id


NOTE = sign("Series Harbour\n", ALPHA)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"Series Harbour\n",
        b"Series Harbour\n\n",
        b"Series Harbour\n\n\n",
        NOTE.encode()[:-1],
        NOTE.encode() + b"\n",
        b"\n" + NOTE.encode().partition(b"\n\n")[2],
        NOTE.encode().replace(b"Series", b"Seri\xff"),
        NOTE.encode().replace(b"Series", b"Series\r"),
        NOTE.encode().replace(b"Series", b"Series\t"),
        NOTE.encode().replace(b"Series", b"Series\x00"),
        NOTE.encode().replace("\u2014 ".encode(), b"- "),
        NOTE.encode().replace("\u2014 ".encode(), "\u2014".encode()),
        NOTE.encode().replace(b"agency", b"agency "),
        NOTE.encode().replace(b"agency", b"agency+"),
        NOTE.encode().replace(b"agency", "agency\u00a0".encode()),
        NOTE.encode().replace(b"=\n", b"\n"),
        "A\n\n\u2014 name AAAAAA==\n".encode(),
        "A\n\n\u2014 name AAA=\n".encode(),
        "A\n\n\u2014  AAAAAAAA\n".encode(),
        "A\n\n\u2014 name AAAAAAB=\n".encode(),
        "A\n\n\u2014 name AAAA AAA=\n".encode(),
        "A\n\n\u2014 name\n".encode(),
        "A\n\n\u2014 name AAAAAA-_\n".encode(),
    ],
)
def test_a_malformed_note_is_refused(content):
    with pytest.raises(BadNoteError):
        Note.parse(content)


def test_what_no_note_can_hold_is_not_written_either():
    for text in ("", "no newline at the end", "a\rb\n"):
        with pytest.raises(BadNoteError):
            sign(text, ALPHA)
    with pytest.raises(BadNoteError, match="0 signatures"):
        sign("Series Harbour\n")
    with pytest.raises(BadNoteError):
        NoteSignature("name", b"abc", b"signature")


def test_as_many_signatures_as_stated_are_read_and_not_one_more():
    line = NOTE.signatures[0]
    full = Note(NOTE.text, (line,) * MAX_SIGNATURES)
    assert MAX_SIGNATURES >= 16
    assert verify(Note.parse(full.encode()), [ALPHA.key]) == {ALPHA.key}
    with pytest.raises(BadNoteError):
        full.adding(line)
    with pytest.raises(BadNoteError):
        Note.parse(full.encode() + f"{line}\n".encode())


def test_every_known_key_that_signed_is_told():
    note = sign("Series Harbour\n", ALPHA, BETA)
    assert verify(note, [ALPHA.key, BETA.key]) == {ALPHA.key, BETA.key}
    assert verify(note, [BETA.key, BETA.key]) == {BETA.key}


def test_a_signer_is_the_same_from_an_object_and_from_bytes():
    assert Signer(ALPHA.key.name, ALPHA._private).sign("A\n") == ALPHA.sign("A\n")


@pytest.mark.parametrize(
    "line",
    [
        NoteSignature(ALPHA.key.name, b"none", b"whatever"),
        NoteSignature("agency-gamma.example/log", ALPHA.key.id, b"whatever"),
    ],
)
def test_a_signature_by_an_unknown_key_is_ignored_even_of_a_known_name_or_identifier(line):
    assert verify(NOTE.adding(line), [ALPHA.key]) == {ALPHA.key}


def test_a_bad_signature_by_a_known_key_refuses_the_note_whoever_else_signed():
    bad = NoteSignature(BETA.key.name, BETA.key.id, ALPHA.sign(NOTE.text).signature)
    for lines in ((bad, *NOTE.signatures), (*NOTE.signatures, bad)):
        with pytest.raises(BadSignatureError, match="agency-beta"):
            verify(Note(NOTE.text, lines), [ALPHA.key, BETA.key])
    with pytest.raises(BadSignatureError):
        verify(Note("Series Lantern\n", NOTE.signatures), [ALPHA.key])


def test_a_note_that_no_known_key_signed_is_refused():
    for keys in ([], [BETA.key]):
        with pytest.raises(UnsignedError):
            verify(NOTE, keys)


def test_keys_that_cannot_be_told_apart_or_checked_are_refused(monkeypatch):
    cosigner = VerifierKey(ALPHA.key.name, SignatureType.ED25519_COSIGNATURE, ALPHA.key.public)
    with pytest.raises(BadKeyError, match="of type 0x04, which does not sign such notes"):
        verify(NOTE, [cosigner])
    monkeypatch.setattr(VerifierKey, "id", b"same")
    with pytest.raises(ValueError, match="share one name"):
        verify(NOTE, [ALPHA.key, VerifierKey(ALPHA.key.name, SignatureType.ED25519, BETA.key.public)])


LONG = "x" * 201
LINE = f"\u2014 name {LONG}"
OTHER_ID = str(ALPHA.key).replace(ALPHA.key.id.hex(), "00000000")
NOT_A_KEY = " is not <name>+<8 hex digits>+<base64>."
CANNOT_NAME = " cannot name a key: it is empty, or a space, a plus sign or no text is in it."


@pytest.mark.parametrize(
    ("refused", "error", "sentence"),
    [
        (lambda: VerifierKey.parse(LONG), BadKeyError, f"The key {LONG[:100]!r}{NOT_A_KEY}"),
        (lambda: VerifierKey.parse("name+00000000+A"), BadKeyError, f"The key 'name+00000000+A'{NOT_A_KEY}"),
        (lambda: VerifierKey.parse("name+0+AQ=="), BadKeyError, f"The key 'name+0+AQ=='{NOT_A_KEY}"),
        (
            lambda: VerifierKey.parse("name+00000000+Ag=="),
            BadKeyError,
            "The key 'name+00000000+Ag==' is of type 0x02, which is not supported.",
        ),
        (
            lambda: VerifierKey.parse(OTHER_ID),
            BadKeyError,
            f"The key {OTHER_ID[:100]!r} should have the identifier {ALPHA.key.id.hex()}: ask for it again.",
        ),
        (
            lambda: VerifierKey("name", SignatureType.ED25519, bytes(31)),
            BadKeyError,
            "The key of 'name' has 31 bytes instead of 32.",
        ),
        (lambda: VerifierKey(f"{LONG}+", SignatureType(1), bytes(32)), BadKeyError, f"{LONG[:100]!r}{CANNOT_NAME}"),
        (lambda: NoteSignature("a b", b"1234", b"s"), BadNoteError, f"'a b'{CANNOT_NAME}"),
        (
            lambda: NoteSignature("name", b"1234", b""),
            BadNoteError,
            "A signature by 'name' is not four bytes of key identifier and a signature.",
        ),
        (
            lambda: NoteSignature.parse(LONG),
            BadNoteError,
            f"The signature line {LONG[:100]!r} does not begin with a dash and a space.",
        ),
        (
            lambda: NoteSignature.parse(LINE),
            BadNoteError,
            f"The signature line {LINE[:100]!r} does not end in base64.",
        ),
        (lambda: sign("a", ALPHA), BadNoteError, "The note's text does not end in a newline."),
        (lambda: sign("a\t\n", ALPHA), BadNoteError, "The note's text has a control character in it."),
        (lambda: sign("a\n"), BadNoteError, f"The note has 0 signatures instead of 1 to {MAX_SIGNATURES}."),
        (lambda: Note.parse(b"\xff"), BadNoteError, "The note is not UTF-8."),
        (
            lambda: Note.parse(b"a\n\nb"),
            BadNoteError,
            "The note is not a text, an empty line and signature lines, each with its newline.",
        ),
        (
            lambda: verify(Note("other\n", NOTE.signatures), [ALPHA.key]),
            BadSignatureError,
            f"The signature of {ALPHA.key.name!r} does not fit the note: it was altered.",
        ),
        (
            lambda: verify(NOTE, [BETA.key]),
            UnsignedError,
            "No known key signed the note: check that it is the right note, and the right key.",
        ),
    ],
)
def test_each_refusal_says_what_is_wrong_with_what(refused, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        refused()
