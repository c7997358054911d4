"""A bundle is opened whole or not at all; what was altered, cut, swapped or is not the sender's leaves nothing."""

import json
import stat
from unittest.mock import patch

import pytest

from safelight.assertions.signing import BadSignatureError
from safelight.errors import CannotRunError, InputError, SafelightError, UsageError
from safelight.exchange.bundle import MAX_ENVELOPE, new_passphrase, seal_bundle
from safelight.exchange.opening import open_bundle
from safelight.log.notes import Signer
from safelight.vault.protection import Passphrase, WrongSecretError
from tests.unit.assertions.test_signing import private
from tests.unit.exchange.example import CONTENTS, NODE_KEY, STATEMENTS, WORDS, bundle, manifest, sha256

SENDER = Signer("Agency-Alpha", NODE_KEY).key
WHOLE = bundle()


@pytest.fixture
def opened(tmp_path):
    def run(raw, words=WORDS, sender=None):
        (tmp_path / "bundle").write_bytes(raw)
        return open_bundle(tmp_path / "bundle", tmp_path / "out", words, sender=sender)

    return run


def left(tmp_path):
    return sorted(path.name for path in tmp_path.iterdir() if path.name != "bundle")


def test_a_bundle_gives_contents_and_statements_back(opened, tmp_path):
    assert opened(WHOLE).manifest == manifest()
    out = tmp_path / "out"
    assert {path.name: path.read_bytes() for path in (out / "contents").iterdir()} == {
        sha256(one): one for one in CONTENTS
    }
    assert [path.read_bytes() for path in sorted((out / "statements").iterdir())] == list(STATEMENTS)
    assert json.loads((out / "manifest.json").read_bytes())["record"]["agency"] == "Agency Alpha"
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    with pytest.raises(UsageError, match="already"):
        opened(WHOLE)
    assert left(tmp_path) == ["out"]


def test_nothing_of_it_can_be_read_without_the_passphrase(opened, tmp_path):
    assert not any(one in WHOLE for one in (*CONTENTS[1:], b"Agency", sha256(CONTENTS[1]).encode()))
    assert bundle() != WHOLE
    assert len({new_passphrase().words for _ in range(3)}) == 3
    with pytest.raises(WrongSecretError):
        opened(WHOLE, Passphrase("another one's lamp"))
    assert left(tmp_path) == []


HEAD = WHOLE.index(b"\n") + 1
PLACES = [0, 20, HEAD - 40, HEAD + 5, HEAD + 100, HEAD + 160, len(WHOLE) // 2, len(WHOLE) - 1]


@pytest.mark.parametrize("place", PLACES)
def test_one_altered_bit_is_refused_and_leaves_nothing(opened, tmp_path, place):
    raw = bytearray(WHOLE)
    raw[place] ^= 1
    with pytest.raises(SafelightError):
        opened(bytes(raw))
    assert left(tmp_path) == []


@pytest.mark.parametrize("length", [0, 1, HEAD - 1, HEAD, HEAD + 90, HEAD + 150, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_truncated_one_is_refused_and_leaves_nothing(opened, tmp_path, length):
    with pytest.raises(InputError):
        opened(WHOLE[:length])
    with pytest.raises(InputError):
        opened(WHOLE + b"more")
    assert left(tmp_path) == []


CASES = {
    "a content is another": lambda: bundle(contents=(CONTENTS[0], CONTENTS[1], CONTENTS[2][:-1] + b"!")),
    "a content is missing": lambda: bundle(contents=CONTENTS[:2]),
    "a content too many": lambda: bundle(contents=(*CONTENTS, b"more")),
    "statements are swapped": lambda: bundle(statements=STATEMENTS[::-1]),
    "a statement is missing": lambda: bundle(statements=STATEMENTS[:1]),
    "an endless manifest": lambda: b"".join(seal_bundle(WORDS, [bytes(MAX_ENVELOPE + 1)], [])),
    "nothing": lambda: b"".join(seal_bundle(WORDS, [], [])),
    "no manifest": lambda: b"".join(seal_bundle(WORDS, [STATEMENTS[0]], [])),
    "no JSON": lambda: b"".join(seal_bundle(WORDS, [b"{"], [])),
    "a cost of a gigabyte": lambda: WHOLE.replace(b'"n":131072', b'"n":1048576'),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_one_is_refused_and_leaves_nothing(opened, tmp_path, case):
    with pytest.raises(InputError):
        opened(CASES[case]())
    assert left(tmp_path) == []


def test_signatures_have_to_hold_and_to_be_the_senders(opened, tmp_path):
    named = manifest(agency="Agency-Alpha")
    for wrong in (
        bundle(officers=()),
        bundle(node_key=private(9)),
        bundle(officers=(private(9),)),
        bundle(manifest(officer_key="")),
    ):
        with pytest.raises(BadSignatureError):
            opened(wrong)
    for sender in (SENDER, Signer("Agency-Alpha", private(9)).key):
        with pytest.raises(BadSignatureError, match="another key"):
            opened(WHOLE if sender is SENDER else bundle(named), sender=sender)
    assert left(tmp_path) == []
    assert opened(bundle(named), sender=SENDER).manifest == named


def test_where_nobody_is_enrolled_the_node_signs_alone(opened):
    alone = manifest(officer_key="")
    assert opened(bundle(alone, officers=())).manifest == alone


def test_what_a_killed_command_left_goes_and_a_disk_that_is_full_leaves_nothing(opened, tmp_path):
    (tmp_path / ".out.opening" / "contents").mkdir(parents=True)
    full = OSError(28, "No space left on device")
    with patch("safelight.exchange.opening.sync_folder", side_effect=full), pytest.raises(CannotRunError, match="room"):
        opened(WHOLE)
    assert left(tmp_path) == []
    opened(WHOLE)
    assert left(tmp_path) == ["out"]


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        open_bundle(tmp_path / "none", tmp_path / "out", WORDS, sender=None)
    assert left(tmp_path) == []
