"""What else holds files: 7z archives, mail and mailboxes; and what a password of the officer opens, then or later."""

import io
import zipfile
from email.message import EmailMessage

import py7zr
import pytest
import pyzipper

from safelight.casework.check.options import Keep
from safelight.casework.models import Answer
from safelight.evidence.models import Sighting
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from tests.integration.casework.conftest import zipped
from tests.nodes import kept_in
from tests.unit.evidence import documents

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_postgresql]
GOOD, OTHER, THIRD = (FORMATS["png-rgb"].write(picture(11, number, (96, 64))) for number in range(3))
WORD = "a long word"


def seven_zip(entries, password=None, *, hidden=False):
    file = io.BytesIO()
    with py7zr.SevenZipFile(file, "w", password=password, header_encryption=hidden) as archive:
        for name, content in entries.items():
            archive.writef(io.BytesIO(content), name)
    return file.getvalue()


def aes_zip(entries, password):
    file = io.BytesIO()
    with pyzipper.AESZipFile(file, "w", compression=zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password)
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def mail(attached, subject="Invented"):
    said = EmailMessage()
    said["From"], said["To"], said["Subject"] = "alex@unit-alpha.example", "kim@unit-beta.example", subject
    said["Date"] = "Mon, 04 May 2026 12:00:00 +0000"
    said.set_content("See what is attached.")
    for name, content in attached.items():
        said.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return said.as_bytes()


def current(bench):
    """State of each file by name, of the latest version of its place."""
    latest = {}
    for row in Sighting.objects.order_by("version"):
        latest[bytes(row.place)] = row
    superseded = {row.pk for row in Sighting.objects.all()} - {row.pk for row in latest.values()}
    shown = [row for row in latest.values() if row.parent_id not in superseded and row.name]
    return {bytes(row.name).decode(): row.state for row in shown}


def test_7z_mail_and_mailboxes_are_opened_in_the_sandbox(bench):
    bench.put("a.bin", seven_zip({"x/one.png": GOOD, "two.txt": b"words"}))
    bench.put("b.bin", mail({"größe.png": OTHER, "inner.7z": seven_zip({"three.png": THIRD})}))
    bench.put("c.bin", b"From alex Mon May  4 12:00:00 2026\n" + mail({"four.png": GOOD}) + b"\n"
              b"From alex Mon May  4 12:01:00 2026\n" + mail({"five.png": OTHER}) + b"\n")  # fmt: skip
    bench.put("d.bin", zipped({"inside.eml": mail({"six.png": THIRD})}))
    bench.check()
    assert bench.failures() == {}
    found = current(bench)
    examined = {name for name, state in found.items() if state == "examined"}
    assert examined == {"x/one.png", "größe.png", "three.png", "000001/four.png", "000002/five.png", "six.png"}
    assert found["two.txt"] == "not examined"
    assert set(Answer.objects.values_list("verdict", flat=True)) == {"new", "not examined"}


def test_what_a_password_locks_is_opened_by_a_later_check_that_knows_it(bench):
    bench.put("a.zip", aes_zip({"one.png": GOOD}, WORD.encode()))
    bench.put("b.7z", seven_zip({"two.png": OTHER}, WORD))
    bench.put("c.7z", seven_zip({"three.png": THIRD}, WORD, hidden=True))
    bench.put("d.zip", zipped({"deep.zip": aes_zip({"four.png": GOOD}, b"another word"), "plain.png": OTHER}))
    bench.check()
    assert bench.failures() == {}
    locked = {"one.png", "two.png", "(list of entries)", "four.png"}
    assert {name for name, state in current(bench).items() if state == "locked"} == locked
    before = Sighting.objects.count()

    bench.check()
    assert Sighting.objects.count() == before

    bench.check(passwords=(b"wrong", WORD.encode()))
    found = current(bench)
    assert {name for name, state in found.items() if state == "locked"} == {"four.png"}
    assert {found[name] for name in ("one.png", "two.png", "three.png", "plain.png")} == {"examined"}
    assert bench.failures() == {}
    again = Sighting.objects.count()

    bench.check(passwords=(b"another word",))
    found = current(bench)
    assert [name for name, state in found.items() if state == "locked"] == []
    assert found["four.png"] == "examined"
    assert Sighting.objects.count() == again + 1


def test_a_word_of_the_password_file_stands_in_no_record(bench):
    bench.put("a.zip", aes_zip({"one.png": GOOD}, WORD.encode()))
    bench.check(passwords=(WORD.encode(),))
    assert current(bench)["one.png"] == "examined"
    for path in bench.data.rglob("*"):
        assert not path.is_file() or WORD.encode() not in path.read_bytes()


def test_content_behind_a_password_is_kept(bench):
    bench.put("a.7z", seven_zip({"one.png": GOOD}, WORD))
    bench.check(keep=Keep.NONE, passwords=(WORD.encode(),))
    bench.check(keep=Keep.NEW, passwords=(WORD.encode(),))
    assert kept_in(bench.vault) == [digest(GOOD).sha256.hex()]


def test_the_pictures_of_a_document_are_examined_in_the_sandbox_and_its_password_opens_it(bench):
    inside = documents.document(
        [(documents.WHOLE, [0]), (documents.WORDS, [])], [documents.image_of(documents.JPEG, "DCTDecode")]
    )
    bench.put("a.bin", inside)
    bench.put("b.pdf", documents.LOCKED)
    bench.put(
        "c.zip", zipped({"deep.pdf": documents.document([(documents.WHOLE, [0])], [documents.flat(documents.B)])})
    )
    bench.put("cut.pdf", b"%PDF-1.7\n" + bytes(200))
    bench.check()
    found = current(bench)
    assert {name for name, state in found.items() if state == "examined"} == {
        "page 1/image 1.jpg", "page 2.png", "page 1/image 1.png"
    }  # fmt: skip
    assert found["(document)"] == "locked"
    assert set(bench.failures()) == {"cut.pdf"}

    bench.check(passwords=(documents.WORD.encode(),))
    assert "locked" not in current(bench).values()
