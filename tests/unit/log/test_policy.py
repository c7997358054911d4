"""Policies: each rule of the format is kept, each quorum holds exactly where a model of it does."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.log.checkpoints import BadCheckpointError, Checkpoint, sign_checkpoint
from safelight.log.cosignatures import Cosigner, cosign
from safelight.log.notes import BadSignatureError, Note, NoteSignature, SignatureType, Signer, VerifierKey, sign
from safelight.log.policy import BadPolicyError, Group, Policy, PolicyNotMetError

LOG = Signer("agency-alpha.example/log", bytes(range(32)))
OTHER_LOG = Signer("agency-beta.example/log", bytes(range(1, 33)))
WITNESSES = {
    f"W{number}": Cosigner(f"w{number}.example", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))
    for number in range(1, 6)
}
LINES = [f"log {LOG.key}", *(f"witness {name} {witness.key}" for name, witness in WITNESSES.items())]
NOTE = sign_checkpoint(Checkpoint(LOG.key.name, 3, bytes(32)), LOG)


def policy(*lines):
    return Policy.parse("".join(f"{line}\n" for line in (*LINES, *lines)).encode())


def cosigned(*names):
    note = NOTE
    for time, name in enumerate(names, 100):
        note = cosign(note, WITNESSES[name], time)
    return note


def test_comments_blanks_and_tabs_are_passed_over_and_urls_kept():
    text = (
        f"# Harbour\n \t# indented\n\n \t \n\tlog \t {LOG.key}\thttps://alpha.example/ \n"
        f"witness \u212a {WITNESSES['W1'].key} https://w1.example\nquorum\t\u212a\n"
    )
    read = Policy.parse(text.encode())
    assert [(log.key, log.url) for log in read.logs] == [(LOG.key, b"https://alpha.example/")]
    assert {name: party.url for name, party in read.witnesses.items()} == {"\u212a".encode(): b"https://w1.example"}
    assert read.quorum == "\u212a".encode()


def test_names_are_bytes_and_need_not_be_text():
    read = Policy.parse(b"witness \xff " + str(WITNESSES["W1"].key).encode() + b"\nquorum \xff\n")
    assert read.quorum == b"\xff"
    with pytest.raises(PolicyNotMetError, match=r"cosignature of \\xff"):
        read.check(NOTE, [LOG.key])


def test_groups_may_ask_for_all_any_or_some():
    read = policy("group a all W1 W2", "group b any W3 W4", "group c 2 a b W5", "quorum c")
    assert read.groups == {
        b"a": Group(2, (b"W1", b"W2")),
        b"b": Group(1, (b"W3", b"W4")),
        b"c": Group(2, (b"a", b"b", b"W5")),
    }


KEY = WITNESSES["W1"].key
AS_LOG = VerifierKey("other.example", SignatureType.ED25519, KEY.public)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("logs x", "none of log, witness, group, quorum"),
        ("Quorum none", "none of log"),
        ("log", "log <key>"),
        (f"log {AS_LOG} url more", "log <key>"),
        (f"log {LOG.key}", "there already"),
        (f"log {VerifierKey('renamed.example', SignatureType.ED25519, LOG.key.public)}", "there already"),
        ("log name+00000000+AA==", "type 0x00"),
        ("log nonsense", "<name>"),
        ("witness W9", "witness <name>"),
        (f"witness W9 {KEY} url more", "witness <name>"),
        (f"witness W9 {KEY}", "there already"),
        (f"witness W9 {VerifierKey('renamed.example', KEY.type, KEY.public)}", "there already"),
        (f"witness W1 {OTHER_LOG.key}", "W1 is taken"),
        (f"witness none {OTHER_LOG.key}", "none is taken"),
        (f"witness W9 {OTHER_LOG.key}", "which no witness has"),
        ("group g", "group <name>"),
        ("group g all", "group <name>"),
        ("group W1 any W2", "W1 is taken"),
        ("group none any W2", "none is taken"),
        ("group g any none", "named none"),
        ("group g any g", "named g"),
        ("group g any later", "named later"),
        ("group g any W1 W1", "member already"),
        ("group g 0 W1", "0 is none of"),
        ("group g 01 W1", "01 is none of"),
        ("group g +1 W1", r"\+1 is none of"),
        ("group g 1.0 W1", "1.0 is none of"),
        ("group g most W1", "most is none of"),
        ("group g 3 W1 W2", "3 of 2"),
        ("quorum", "quorum <name>"),
        ("quorum W1 W2", "quorum <name>"),
        ("quorum later", "named later"),
        ("a\x7fb", "control"),
        ("a\rb", "control"),
        ("# \x01", "control"),
    ],
)
def test_a_broken_rule_is_told_with_its_line(line, problem):
    with pytest.raises(BadPolicyError, match=f"^Line 7 of the policy: .*{problem}"):
        policy(line, "quorum none")


def test_a_member_counts_in_one_group_only():
    with pytest.raises(BadPolicyError, match=r"^Line 8 .*W1 is a member already"):
        policy("group a any W1", "group b any W1 W2", "quorum b")


def test_a_key_that_is_no_text_is_told_with_its_line():
    with pytest.raises(BadPolicyError, match=r"^Line 1 .*not UTF-8"):
        Policy.parse(b"log \xff\nquorum none\n")


def test_there_is_one_quorum_and_the_last_line_ends():
    with pytest.raises(BadPolicyError, match="no line that begins with quorum"):
        policy()
    with pytest.raises(BadPolicyError, match=r"^Line 8 .*quorum already"):
        policy("quorum none", "quorum none")
    with pytest.raises(BadPolicyError, match=r"^Line 2 .*cut short"):
        Policy.parse(b"# comment\nquorum none")


def test_keys_that_cannot_be_told_apart_are_refused(monkeypatch):
    monkeypatch.setattr(VerifierKey, "id", b"\0\0\0\0")
    with pytest.raises(BadPolicyError, match="cannot be told"):
        Policy.parse(f"log same+00000000+{'AQ' + 'A' * 42}\nlog same+00000000+{'AQ' + 'B' * 42}\n".encode())


def test_as_many_logs_witnesses_and_groups_as_asked_for_are_taken():
    seeds = [bytes([number]) * 32 for number in range(40, 90)]
    lines = [f"log {Signer('log.example', seed).key}" for seed in seeds]
    for number, seed in enumerate(seeds):
        cosigner = Cosigner("w.example", Ed25519PrivateKey.from_private_bytes(seed))
        lines += [f"witness {number} {cosigner.key}", f"group g{number} all {number}"]
    read = Policy.parse("".join(f"{line}\n" for line in (*lines, "quorum none")).encode())
    assert (len(read.logs), len(read.witnesses), len(read.groups)) == (50, 50, 50)


def test_a_checkpoint_is_endorsed_by_its_log_and_its_witnesses():
    endorsed = policy("quorum W1").check(cosigned("W2", "W1"))
    assert endorsed.checkpoint == Checkpoint.parse(NOTE.text)
    assert endorsed.logs == {LOG.key}
    assert endorsed.witnesses == {b"W1": 101, b"W2": 100}


def test_a_log_may_be_known_from_elsewhere():
    read = Policy.parse(b"quorum none\n")
    assert read.check(NOTE, [LOG.key]).logs == {LOG.key}
    with pytest.raises(PolicyNotMetError, match=r"No log .*agency-alpha"):
        read.check(NOTE)


def test_a_log_is_believed_about_its_own_origin_only():
    note = sign(Checkpoint("agency-beta.example/log", 3, bytes(32)).text, LOG)
    with pytest.raises(PolicyNotMetError, match=r"No log .*agency-beta"):
        policy("quorum none").check(note)


def test_a_bad_cosignature_refuses_even_where_nobody_has_to_cosign():
    line = cosigned("W1").signatures[-1]
    bad = NoteSignature(line.name, line.key_id, bytes(72))
    with pytest.raises(BadSignatureError):
        policy("quorum none").check(NOTE.adding(bad))


def test_a_note_that_is_no_checkpoint_is_refused():
    with pytest.raises(BadCheckpointError):
        policy("quorum none").check(sign("Series Harbour\n", LOG))


def test_a_checkpoint_with_only_witnesses_is_refused():
    note = cosigned("W1")
    with pytest.raises(PolicyNotMetError, match="No log"):
        policy("quorum W1").check(Note(note.text, note.signatures[1:]))


def test_what_is_missing_is_named_from_the_quorum_downwards():
    read = policy("group a 2 W1 W2 W3", "group b any W4 W5", "group c all a b", "quorum c")
    with pytest.raises(PolicyNotMetError) as caught:
        read.check(cosigned("W1", "W4"))
    assert caught.value.message == (
        "The checkpoint lacks cosignatures for the quorum c: c has 1 of 2, without a; a has 1 of 2, without W2, W3."
    )


def model(name, groups, cosigners):
    if name not in groups:
        return name in cosigners
    needed, members = groups[name]
    return sum(model(member, groups, cosigners) for member in members) >= needed


@settings(max_examples=50)
@given(st.data())
def test_a_quorum_holds_exactly_where_the_model_of_it_does(data):
    free, groups = list(WITNESSES), {}
    for number in range(data.draw(st.integers(1, 3))):
        members = data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True))
        groups[f"g{number}"] = (data.draw(st.integers(1, len(members))), members)
        free = [name for name in free if name not in members] + [f"g{number}"]
    quorum = data.draw(st.sampled_from([*WITNESSES, *groups]))
    names = data.draw(st.lists(st.sampled_from(list(WITNESSES)), unique=True))
    lines = [f"group {name} {needed} {' '.join(members)}" for name, (needed, members) in groups.items()]
    read = policy(*lines, f"quorum {quorum}")
    try:
        met = set(read.check(cosigned(*names)).witnesses) == {name.encode() for name in names}
    except PolicyNotMetError:
        met = False
    assert met == model(quorum, groups, names)
