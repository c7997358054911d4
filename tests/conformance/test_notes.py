"""The worked examples of C2SP's specifications of notes, checkpoints, tiles, policies and proofs, to the byte."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from safelight.log.bundles import Bundle
from safelight.log.checkpoints import Checkpoint
from safelight.log.cosignatures import Cosigner
from safelight.log.notes import Note, Signer, VerifierKey, verify
from safelight.log.policy import Group, Policy
from safelight.log.tiles import Tile, count_at, tiles_of

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
COSIGNED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def test_the_example_key_verifies_the_example_note():
    key = VerifierKey.parse(VKEY)
    assert str(key) == VKEY
    assert verify(Note.parse(NOTE.encode()), [key]) == {key}


@pytest.mark.parametrize("text", [NOTE, POEM, COSIGNED])
def test_every_example_note_is_read_and_written_back_as_it_was(text):
    assert Note.parse(text.encode()).encode() == text.encode()


def test_empty_lines_belong_to_the_text_up_to_the_last_one():
    assert Note.parse(POEM.encode()).text.endswith("sole:\n\ned è subito sera.\n")


def test_the_example_checkpoint_says_what_the_text_says():
    note = Note.parse(COSIGNED.encode())
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text
    assert [line.name for line in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]


def test_the_example_cosignature_has_the_time_of_the_example_message():
    # The message in the text is of time 1679315147: the eight bytes before the signature.
    line = Note.parse(COSIGNED.encode()).signatures[1]
    assert int.from_bytes(line.signature[:8]) == 1679315147
    assert len(line.signature) == 8 + 64


def test_an_ed25519_cosignature_is_over_the_lines_of_the_text():
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    text = COSIGNED.partition("\n\n")[0] + "\n"
    line = Cosigner("witness.example.com/w1", private).cosign(text, 1679315147)
    message = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    private.public_key().verify(line.signature[8:], message)


def test_an_ml_dsa_cosignature_is_over_the_structure_of_the_text():
    private = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
    text = COSIGNED.partition("\n\n")[0] + "\n"
    line = Cosigner("witness.example.com/w1", private).cosign(text, 1679315147)
    message = (
        b"subtree/v1\n\0"
        b"\x16witness.example.com/w1"
        + (1679315147).to_bytes(8, "big")
        + b"\x1bexample.com/behind-the-sofa"
        + (0).to_bytes(8, "big")
        + (20852163).to_bytes(8, "big")
        + base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    )
    private.public_key().verify(line.signature[8:], message)
    assert len(line.signature) == 8 + 2420


def test_tile_1234067_has_the_path_of_the_text():
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(None, 1234067, 7).path == "tile/entries/x001/x234/067.p/7"


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        (70_000, [(0, 273, 112), (1, 1, 17), (2, 0, 1)]),
        (256, [(0, 1, None), (1, 0, 1)]),
    ],
)
def test_trees_have_the_tiles_of_the_text(size, tiles):
    found = []
    for level, _full, _width in tiles:
        made = list(tiles_of(level, 0, count_at(size, level)))
        partial = [tile.width for tile in made if not tile.is_full]
        found.append((level, len(made) - len(partial), partial[0] if partial else None))
    assert found == tiles
    assert count_at(size, len(tiles)) == 0


def witness(name, seed):
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return f"witness {name} {Cosigner(f'witness.example/{name}', private).key}"


def test_the_example_policy_reads_as_the_text_explains_it():
    policy = Policy.parse(
        "\n".join(
            [
                f"log {Signer('example.com/log', bytes(32)).key}",
                "",
                *(witness(f"X{number}", number) for number in (1, 2, 3)),
                "group X-witnesses 2 X1 X2 X3",
                "",
                *(witness(f"Y{number}", 10 + number) for number in (1, 2, 3)),
                "group Y-witnesses any Y1 Y2 Y3",
                "",
                "group X-and-Y all X-witnesses Y-witnesses",
                "quorum X-and-Y",
                "",
            ]
        ).encode()
    )
    assert len(policy.logs) == 1
    assert len(policy.witnesses) == 6
    assert policy.groups == {
        b"X-witnesses": Group(2, (b"X1", b"X2", b"X3")),
        b"Y-witnesses": Group(1, (b"Y1", b"Y2", b"Y3")),
        b"X-and-Y": Group(2, (b"X-witnesses", b"Y-witnesses")),
    }
    assert policy.quorum == b"X-and-Y"


def test_a_proof_has_the_lines_of_the_text():
    # The text's own example is cut short in its signatures and its extra data; all other lines are as they stand there.
    head = """c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

"""
    bundle = Bundle.parse((head + COSIGNED).encode())
    assert bundle.extra == b"age-v1.2.1-darwin-arm64.tar.gz"
    assert bundle.index == 73894
    assert len(bundle.hashes) == 5
    assert bundle.checkpoint.encode() == COSIGNED.encode()
    assert bundle.encode() == (head + COSIGNED).encode()
