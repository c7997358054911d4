"""Mail: every part comes out as it was attached, under its own name; what breaks off is read as far as it goes."""

import email.message
import email.policy
import random
from datetime import UTC, datetime

import pytest

from safelight.evidence.archives import mail
from safelight.media.sniff import sniff
from safelight.media.types import Kind
from tests.unit.evidence.walking import contents, walk_archive

PICTURE = random.Random(2).randbytes(70_000)
SENT = "Sat, 14 Mar 2026 12:00:00 +0100"


def message(text="See the harbour.", **attached):
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = "a@alpha.example", "b@beta.example", "The harbour", SENT
    made.set_content(text)
    for name, content in attached.items():
        made.add_attachment(content, maintype="image", subtype="jpeg", filename=name.replace("_", "."))
    return made


def mailbox(*messages):
    return b"".join(b"From a@alpha.example Sat Mar 14 12:00:00 2026\n" + one + b"\n" for one in messages)


def test_every_part_comes_out_as_it_was_attached():
    raw = bytes(message(harbour_jpg=PICTURE, room_jpg=b"a room"))
    assert sniff(raw) is Kind.MAIL
    assert contents(raw, "mail") == [
        (b"part 2.plain", b"See the harbour.\n"),
        (b"harbour.jpg", PICTURE),
        (b"room.jpg", b"a room"),
    ]
    entries, _ = walk_archive(raw, "mail")
    sent = datetime(2026, 3, 14, 11, tzinfo=UTC)
    assert {one.entry.modified for one in entries} == {int(sent.timestamp()) * 1_000_000_000}


def test_messages_that_are_attached_are_gone_into():
    inner = message(harbour_jpg=PICTURE)
    outer = message("Forwarded.")
    outer.add_attachment(inner)
    assert contents(bytes(outer), "mail") == [
        (b"part 2.plain", b"Forwarded.\n"),
        (b"message 3/part 5.plain", b"See the harbour.\n"),
        (b"message 3/harbour.jpg", PICTURE),
    ]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('filename="../../x.jpg"', b"../../x.jpg"),
        ("filename*=utf-8''h%C3%A4fen.jpg", "häfen.jpg".encode()),
        ('filename="=?iso-8859-1?q?h=E4fen.jpg?="', "häfen.jpg".encode()),
        ('filename="=?no-such-set?q?h=E4fen.jpg?="', b"part 1.jpeg"),
        ('filename="a\tb.jpg"', b"a\tb.jpg"),
        ('filename="\xe4.jpg"', b"\xe4.jpg"),
    ],
)
def test_names_are_what_the_message_says(field, name):
    raw = (
        b"From: a@alpha.example\nTo: b@beta.example\nSubject: s\nContent-Type: image/jpeg\n"
        b"Content-Disposition: attachment; " + field.encode("latin-1") + b"\nContent-Transfer-Encoding: base64\n\n"
        b"YmVuaWdu\n"
    )
    assert contents(raw, "mail") == [(name, b"benign")]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_mailbox_holds_its_messages_in_their_order(ending):
    raw = mailbox(bytes(message("From here to there.", one_jpg=b"1")), bytes(message("Two.", two_jpg=PICTURE)))
    raw = raw.replace(b"\n", ending)
    assert sniff(raw) is Kind.MAILBOX
    found = contents(raw, "mailbox")
    assert [name for name, _ in found] == [
        b"000001/part 2.plain",
        b"000001/one.jpg",
        b"000002/part 2.plain",
        b"000002/two.jpg",
    ]
    assert (found[1][1], found[3][1]) == (b"1", PICTURE)


def test_a_message_that_breaks_off_is_read_as_far_as_it_goes():
    raw = bytes(message(one_jpg=b"whole", two_jpg=PICTURE))
    entries, problem = walk_archive(raw[: len(raw) - 30_000], "mail")
    assert problem == "the message breaks off: what is there of it was read"
    assert entries[1].content == b"whole"
    assert PICTURE.startswith(entries[2].content[:40_000])
    entries, problem = walk_archive(mailbox(raw, raw[:-30_000], raw), "mailbox")
    assert problem == "messages that break off: 2; what is there of them was read"
    assert [one.content for one in entries if one.entry.name.endswith(b"two.jpg")][::2] == [PICTURE, PICTURE]


def test_a_message_too_long_to_open_is_named_and_the_next_one_is_read(monkeypatch):
    monkeypatch.setattr(mail, "MESSAGE_BYTES", 10_000)
    entries, problem = walk_archive(mailbox(bytes(message(big_jpg=PICTURE)), bytes(message("Small."))), "mailbox")
    assert problem is None
    assert [(one.entry.name, bool(one.problem)) for one in entries] == [
        (b"000001", True),
        (b"000002/part 1.plain", False),
    ]
    assert walk_archive(bytes(message(big_jpg=PICTURE)), "mail")[1].startswith("a message of more than ")


@pytest.mark.parametrize(
    "text",
    [
        b"Dear all,\n\nFrom: here\nTo: there\nSubject: a walk\n",
        b"HTTP/1.1 200 OK\nDate: Sat, 14 Mar 2026\nContent-Type: text/html\n\n",
        b"name: harbour\ndate: 2026\nsize: 3\n",
        b"From the harbour to the hills, 2026\nand back\n",
    ],
)
def test_what_is_no_mail_is_not_taken_for_it(text):
    assert sniff(text) not in (Kind.MAIL, Kind.MAILBOX)


def test_no_damage_gets_an_exception_out_of_the_walker():
    rng = random.Random(5)
    whole = mailbox(bytes(message(one_jpg=b"whole" * 99)), bytes(message("Two.", two_jpg=b"2" * 300)))
    for _ in range(300):
        raw = bytearray(whole)
        for _ in range(rng.randrange(1, 30)):
            raw[rng.randrange(len(raw))] = rng.choice(b'\n\r:;=-"\x00\xff a')
        walk_archive(bytes(raw), "mailbox")
        walk_archive(bytes(raw[46:]), "mail")


def test_messages_within_messages_without_end_are_refused_by_name():
    raw = b"From: a\nTo: b\nSubject: c\n" + b"Content-Type: message/rfc822\n\n" * 5000 + b"\nend\n"
    _, problem = walk_archive(raw, "mail")
    assert problem.startswith("broken mail archive: ")


def test_a_part_comes_with_what_its_mail_says_of_its_characters():
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = "a@alpha.example", "b@beta.example", "x", SENT
    made.set_content("маяк", charset="koi8-r")
    entries, _ = walk_archive(bytes(made), "mail")
    assert [one.entry.charset for one in entries] == ["koi8-r"]


def letters(raw, kind="mail"):
    """What the fields of mails say, by the part that they begin with."""
    entries, _ = walk_archive(raw, kind)
    return {one.entry.name.decode(): one.entry.letter for one in entries if one.entry.letter is not None}


def test_what_a_mail_says_of_whom_it_is_from_goes_with_its_first_part():
    made = message(harbour_jpg=PICTURE)
    made["Cc"] = "=?utf-8?q?Zo=C3=AB?= <zoe@gamma.example>"
    [(name, letter)] = letters(bytes(made)).items()
    assert (name, letter.text.split("\n")) == (
        "part 2.plain",
        ["From: a@alpha.example", "To: b@beta.example", "Cc: Zoë <zoe@gamma.example>", f"Date: {SENT}",
         "Subject: The harbour"],
    )  # fmt: skip
    assert [one.value for one in letter.named] == ["a@alpha.example", "b@beta.example", "zoe@gamma.example"]


def test_each_message_has_fields_of_its_own_in_a_mailbox_and_inside_another():
    outer, inner = message("Forwarded."), message("See the harbour.")
    del outer["Subject"]
    outer["Subject"] = "Fwd"
    outer.add_attachment(inner)
    told = {name: letter.text.rpartition("Subject: ")[2] for name, letter in letters(bytes(outer)).items()}
    assert told == {"part 2.plain": "Fwd", "message 3/part 4.plain": "The harbour"}
    told = letters(mailbox(bytes(message("a")), bytes(message("a"))), "mailbox")
    assert list(told) == ["000001/part 1.plain", "000002/part 1.plain"]


@pytest.mark.parametrize(
    "field",
    [b"=?none?q?x?=", b"=?utf-8?b?!?=", b"\xff\xfe", "Zo\u00eb".encode(), b"=?" * 5000, b"=?utf-7?q?+2AA-?=", b""],
)
def test_a_field_that_says_nothing_readable_costs_nothing_else(field):
    raw = b"From: a@alpha.example\nTo: b@beta.example\nMessage-ID: <1@x>\nSubject: " + field + b"\n\nSee the harbour.\n"
    [letter] = letters(raw).values()
    assert letter.text.startswith("From: a@alpha.example\nTo: b@beta.example\n")
