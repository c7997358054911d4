"""Checkpoints: three strict lines, believed under the key of their origin only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.log.checkpoints import BadCheckpointError, Checkpoint, open_checkpoint, sign_checkpoint
from safelight.log.notes import BadNoteError, BadSignatureError, Signer, UnsignedError, sign

LOG = Signer("agency-alpha.example/log", bytes(range(32)))
OTHER = Signer("agency-beta.example/log", bytes(range(1, 33)))
CHECKPOINT = Checkpoint(LOG.key.name, 3, bytes(32))
ORIGINS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
ROOT = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@given(st.builds(Checkpoint, ORIGINS, st.integers(0, (1 << 64) - 1), st.binary(min_size=32, max_size=32)))
def test_a_checkpoint_is_read_as_it_was_written(checkpoint):
    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_a_signed_checkpoint_opens_under_the_key_of_its_log():
    assert open_checkpoint(sign_checkpoint(CHECKPOINT, LOG).encode(), LOG.key) == CHECKPOINT


def test_extension_lines_are_read_past_when_they_are_not_empty():
    assert Checkpoint.parse(f"{CHECKPOINT.text}opaque\nlines\n") == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "log\n3\n",
        f"log\n3\n{ROOT}",
        f"\n3\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        f"log\n3\n{ROOT}\n\n",
        f"log\n3\n{ROOT}\n\nextension\n",
        f"log\n03\n{ROOT}\n",
        f"log\n00\n{ROOT}\n",
        f"log\n+3\n{ROOT}\n",
        f"log\n-3\n{ROOT}\n",
        f"log\n3 \n{ROOT}\n",
        f"log\n\u0663\n{ROOT}\n",
        f"log\n{1 << 64}\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        f"log\n3\n{ROOT[:-1]}\n",
        f"log\n3\n{ROOT[:-2]}B=\n",
        f"log\n3\n{ROOT} \n",
        "log\n3\nAAAA\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(BadCheckpointError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("", 0, bytes(32)), ("a\nb", 0, bytes(32)), ("log", -1, bytes(32)), ("log", 1 << 64, bytes(32)), ("log", 0, b"")],
)
def test_an_impossible_checkpoint_is_never_made(origin, size, root):
    with pytest.raises(BadCheckpointError):
        Checkpoint(origin, size, root)


def test_a_log_signs_under_its_own_name_only():
    with pytest.raises(ValueError, match="own name"):
        sign_checkpoint(CHECKPOINT, LOG, OTHER)
    with pytest.raises(BadNoteError):
        sign_checkpoint(CHECKPOINT)


def test_a_checkpoint_of_another_log_or_under_another_key_is_refused():
    foreign = sign(Checkpoint("agency-beta.example/log", 3, bytes(32)).text, LOG)
    with pytest.raises(BadCheckpointError, match="is of 'agency-beta"):
        open_checkpoint(foreign.encode(), LOG.key)
    with pytest.raises(UnsignedError):
        open_checkpoint(sign_checkpoint(CHECKPOINT, LOG).encode(), OTHER.key)
    with pytest.raises(BadCheckpointError):
        open_checkpoint(sign("Series Harbour\n", LOG).encode(), LOG.key)


@given(st.data())
def test_every_change_of_one_byte_is_refused(data):
    content = sign_checkpoint(CHECKPOINT, LOG).encode()
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != content[at]))
    with pytest.raises((BadNoteError, BadSignatureError, UnsignedError)):
        open_checkpoint(content[:at] + bytes([byte]) + content[at + 1 :], LOG.key)
