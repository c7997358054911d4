"""A node of Agency Alpha, the keys of its neighbours, and statements stored there."""

from pathlib import Path

from safelight.access.node import Node
from safelight.assertions.actions import do_make_as_node, do_receive_assertion
from safelight.assertions.record import encode_assertion
from safelight.assertions.signing import encode_envelope, sign_record
from safelight.log.queries import recorded_entries
from safelight.vault.nodekeys import make_keys
from safelight.vault.protection import KeyFile
from tests.unit.assertions.example import NOW
from tests.unit.assertions.test_signing import private, record_of

NODE = Node(make_keys("Agency Alpha", KeyFile(b"f" * 32)), Path("nowhere"))
ELSEWHERE = Node(make_keys("Agency Alpha", KeyFile(b"f" * 32)), Path("nowhere"))
NODES = {"Agency Beta": private(21), "Agency Gamma": private(22)}
KEYS = {record.name: record for record in (record_of(key, agency=agency) for agency, key in NODES.items())}


def make(assertion, **more):
    return do_make_as_node(assertion, NODE, acting_user="officer-7", **{"now": NOW, **more})


def sent(assertion):
    """What the agency that speaks would send."""
    return encode_envelope(sign_record(encode_assertion(assertion), NODES[assertion.agency]))


def receive(assertion, **more):
    return do_receive_assertion(sent(assertion), KEYS, NODE, acting_user="officer-7", **{"now": NOW, **more})


def logged():
    """The entries of the log, in order: event and record."""
    return [(entry.event, entry.record.decode()) for entry in recorded_entries(NODE.log_sealer)]
