"""A manifest that lists made-up contents, and the bundle of it. Keys are drawn from numbers."""

import hashlib

from safelight.assertions.record import encode_assertion
from safelight.assertions.signing import add_officer, encode_envelope, sign_record
from safelight.exchange.bundle import seal_bundle
from safelight.exchange.manifest import ContentLine, Manifest, Recipient, encode_manifest
from safelight.vault.protection import Passphrase
from tests.unit.assertions.example import NOW, statement
from tests.unit.assertions.test_signing import private

WORDS = Passphrase("a lamp of one's own")
NODE_KEY, OFFICER_KEY = private(31), private(32)
CONTENTS = (b"", b"a benign picture of a harbour", b"a benign picture of a meadow " * 9000)


def public(key):
    return key.public_key().public_bytes_raw().hex()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


STATEMENTS = tuple(
    encode_envelope(sign_record(encode_assertion(statement("grade", number)), NODE_KEY)) for number in (1, 2)
)


def manifest(**more):
    said = {
        "id": "0" * 32,
        "agency": "Agency Alpha",
        "officer": "officer-7",
        "node_key": public(NODE_KEY),
        "officer_key": public(OFFICER_KEY),
        "case": "7",
        "recipient": Recipient("Agency Beta", ("investigations",)),
        "made": NOW,
        "items": tuple(sorted((ContentLine(sha256(one), len(one)) for one in CONTENTS), key=lambda one: one.sha256)),
        "statements": tuple(sha256(one) for one in STATEMENTS),
    }
    return Manifest(**{**said, **more})


def signed(of, node_key=NODE_KEY, officers=(OFFICER_KEY,)):
    envelope = sign_record(encode_manifest(of), node_key)
    for key in officers:
        envelope = add_officer(envelope, key)
    return encode_envelope(envelope)


def bundle(of=None, statements=STATEMENTS, contents=CONTENTS, **more):
    of = of or manifest()
    ordered = sorted(contents, key=sha256)
    return b"".join(seal_bundle(WORDS, [signed(of, **more), *statements], [[one] for one in ordered]))
