"""What is written beside media is kept sealed, found by its words and addresses with the media near, and erased."""

import email.message
import io
import zlib
from hashlib import sha256

import pytest

from safelight.casework.actions import do_erase_item
from safelight.casework.check.options import CheckOptions
from safelight.casework.check.texts import READER
from safelight.casework.finding.actions import do_search_case
from safelight.casework.finding.words import Only
from safelight.evidence.models import Item, Sighting
from safelight.evidence.sealed import SIGHTINGS, TABLE, open_letter, open_seen
from safelight.log.queries import recorded_entries
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from safelight.vault.actions.erasing import ErasureOrder
from tests.integration.casework.conftest import NOW, zipped
from tests.integration.entrances import owner
from tests.nodes import acting_in, node_in
from tests.unit.evidence import documents
from tests.unit.evidence.disks import ntfs

pytestmark = pytest.mark.django_db(transaction=True)
ORDER = ErasureOrder("a made-up court said so", "made-up order 7")
ONE, OTHER, FAR = (FORMATS["png-rgb"].write(picture(21, number, (96, 64))) for number in (1, 2, 3))


def search(bench, asked, only=None, case="Case"):
    return do_search_case(case, asked, why="a made-up lead", acting=acting_in(bench.data), now=NOW, only=only)


def near(bench, asked, only=None):
    """For each path at which a text was found the paths of the media near, for each way in which it was found."""
    return {(one.paths, tuple(where for where, _ in one.texts)): [place.path for place in one.near]
            for one in search(bench, asked, only)}  # fmt: skip


def written(bench):
    """What is kept of each item that is a text."""
    columns = bench.vault.columns(TABLE)
    seen = [open_seen(item.sealed, item.pk, columns).written for item in Item.objects.order_by("id")]
    return [one for one in seen if one is not None]


def letters(bench):
    columns = bench.vault.columns(SIGHTINGS)
    rows = Sighting.objects.filter(sealed__isnull=False).order_by("id")
    return [open_letter(row.sealed, row.pk, columns) for row in rows]


def stop_once():
    """Stop the run, as Ctrl-C does, when something was recorded."""
    left = [1]

    def stop():
        if left and left.pop():
            raise KeyboardInterrupt

    return stop


def message(subject, text, *attached):
    made = email.message.EmailMessage()
    made["From"], made["To"], made["Subject"] = "robin@alpha.example", "kim@beta.example", subject
    made["Date"] = "Sat, 14 Mar 2026 12:00:00 +0100"
    made.set_content(text)
    for name, content in attached:
        made.add_attachment(content, maintype="image", subtype="png", filename=name)
    return made


def test_words_of_a_document_are_found_with_its_pictures(bench):
    page = f"{documents.WHOLE} {documents.WORDS.replace('Harbour', 'ask robin@alpha.example')}"
    bench.put("a.pdf", documents.document([(page, [0])], [documents.image_of(documents.JPEG, "DCTDecode")]))
    bench.put("far.png", FAR)
    bench.check()
    (places,) = near(bench, "robin@alpha.example", Only.ACCOUNT).values()
    assert places == ["a.pdf > page 1.png", "a.pdf > page 1/image 1.jpg"]


def test_a_text_is_found_with_the_media_in_its_folder(bench):
    bench.put("trip/note.txt", b"The lighthouse: hxxps://Example[.]org/Album, ask @robin_x")
    bench.put("trip/one.png", ONE)
    bench.put("elsewhere/far.png", FAR)
    bench.check()
    assert near(bench, "lighthouse") == {(("trip/note.txt",), ("text",)): ["trip/one.png"]}
    assert near(bench, "https://example.org/album") == {(("trip/note.txt",), ("url",)): ["trip/one.png"]}
    assert near(bench, "robin_x", Only.ACCOUNT) == {(("trip/note.txt",), ("account",)): ["trip/one.png"]}
    assert near(bench, "lighthouse", Only.URL) == {}


def test_a_text_stays_not_examined(bench):
    bench.put("note.txt", b"nothing to see")
    bench.put("tool.bin", bytes(range(256)) * 20)
    result = bench.check()
    assert dict(result.tally.verdicts) == {"not examined": 2}
    assert [one.text for one in written(bench)] == ["nothing to see"]


def test_a_mail_is_found_by_its_fields_and_its_text_with_what_is_attached(bench):
    bench.put("letter.eml", bytes(message("The old mill", "See what is attached.", ("mill.png", ONE))))
    bench.put("beside.png", FAR)
    bench.check()
    [mail] = search(bench, "old mill")
    assert mail.paths == ("letter.eml > part 2.plain",)
    assert [one.path for one in mail.near] == ["letter.eml > mill.png"]
    assert [one.path for one in search(bench, "attached")[0].near] == ["letter.eml > mill.png"]
    assert [one.texts for one in search(bench, "beta.example", Only.ACCOUNT)] == [
        (("mail address", "kim@beta.example"),)
    ]


def test_each_message_of_a_mailbox_has_fields_of_its_own_though_its_text_is_the_same(bench):
    both = [message(f"The {what}", "See what is attached.", ("x.png", content))
            for what, content in (("mill", ONE), ("harbour", OTHER))]  # fmt: skip
    box = b"".join(b"From a@alpha.example Sat Mar 14 12:00:00 2026\n" + bytes(one) + b"\n" for one in both)
    bench.put("box.mbox", box)
    bench.check()
    found = {word: [(one.paths, [near.path for near in one.near]) for one in search(bench, word)]
             for word in ("mill", "harbour")}  # fmt: skip
    assert found == {
        "mill": [(("box.mbox > 000001/part 2.plain",), ["box.mbox > 000001/x.png"])],
        "harbour": [(("box.mbox > 000002/part 2.plain",), ["box.mbox > 000002/x.png"])],
    }


def test_an_office_document_is_near_the_pictures_in_it_and_a_stream_to_its_file(bench):
    inner = b'<?xml version="1.0"?><w:p xmlns:w="x"><w:r><w:t>light</w:t></w:r><w:r><w:t>house</w:t></w:r></w:p>'
    zone = b"[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=https://host.example/a.png\r\n"
    bench.put_zip("letter.docx", {"word/document.xml": inner, "word/media/image1.png": ONE})
    bench.put_zip("saved.zip", {"b.png": FAR, "a.png": OTHER, "a.png:Zone.Identifier": zone})
    bench.check()
    assert near(bench, "lighthouse") == {
        (("letter.docx > word/document.xml",), ("text",)): ["letter.docx > word/media/image1.png"]
    }
    assert near(bench, "host.example", Only.URL) == {
        (("saved.zip > a.png:Zone.Identifier",), ("url",)): ["saved.zip > a.png", "saved.zip > b.png"]
    }


def test_a_stream_of_ntfs_tells_where_its_file_came_from(bench, tmp_path):
    zone = b"[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://host.example/\r\nHostUrl=https://host.example/a.png\r\n"
    bench.put("disk.img", ntfs(tmp_path, {"other.png": OTHER, "a.png": ONE, "a.png:Zone.Identifier": zone}))
    bench.check()
    [found] = search(bench, "host.example/a.png", Only.URL)
    assert found.texts == (("url", "https://host.example/a.png"),)
    assert [one.rpartition(" > ")[2] for one in found.paths] == ["a.png:Zone.Identifier"]
    assert found.near[0].sha256 == sha256(ONE).digest()


def test_stopped_amid_texts_the_same_command_reads_the_rest(bench):
    for number in range(900):
        bench.put(f"{number}.txt", b"lighthouse %d" % number)
    bench.watching.on_advance = stop_once()
    assert bench.check().stopped
    bench.watching.on_advance = lambda: None
    assert len(written(bench)) < 900
    assert not bench.check().stopped
    assert sorted(one.text for one in written(bench)) == sorted(f"lighthouse {number}" for number in range(900))


def test_an_erasure_destroys_what_was_written_and_the_fields_of_the_mail(bench):
    body = "See the lighthouse.\n"
    bench.put("letter.eml", bytes(message("The old mill", body, ("mill.png", ONE))))
    bench.put("note.txt", b"Another lighthouse")
    bench.check()
    assert (len(written(bench)), len(letters(bench))) == (2, 1)
    for asked, count in (("lighthouse", 2), ("mill", 2)):
        assert len(search(bench, asked)) == count
    gone = next(one.sha256 for one in search(bench, "lighthouse") if one.paths != ("note.txt",))
    made = do_erase_item(gone, ORDER, acting=acting_in(bench.data), now=NOW)
    assert {"texts": 1, "fields of mails": 1}.items() <= dict(made.act.destroyed).items()
    assert ([one.text for one in written(bench)], letters(bench)) == (["Another lighthouse"], [])
    assert [one.paths for one in search(bench, "lighthouse")] == [("note.txt",)]
    bench.check()
    assert letters(bench) == []


def test_a_text_of_another_case_is_neither_found_nor_near(bench):
    bench.put("trip/note.txt", b"The lighthouse")
    bench.put("trip/one.png", ONE)
    bench.check(case="Case One", exhibit="one")
    (bench.source / "trip/one.png").unlink()
    bench.put("trip/other.png", OTHER)
    bench.check(case="Case Two", exhibit="two")
    found = {case: [[near.path for near in one.near] for one in search(bench, "lighthouse", case=case)]
             for case in ("Case One", "Case Two")}  # fmt: skip
    assert found == {"Case One": [["trip/one.png"]], "Case Two": [["trip/other.png"]]}


def test_the_log_says_what_was_searched_only(bench):
    bench.put("note.txt", b"The lighthouse")
    bench.check()
    search(bench, "lighthouse", Only.TEXT)
    sealer = node_in(bench.data).log_sealer
    [record] = [one.record for one in recorded_entries(sealer) if one.event == "casework:case:searched"]
    assert b'"only":"text"' in record.replace(b" ", b"")


HOSTILE = {
    "bomb.xml": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">' + b"".join(
        b'<!ENTITY b%d "%s">' % (n, (b"&b%d;" % (n - 1) if n else b"&a;") * 10) for n in range(12)
    ) + b"]><l>&b11; lighthouse</l>",
    "deep.html": b"<html>" + b"<div>" * 100_000 + b"lighthouse",
    "line.txt": b"lighthouse " + b"a" * (10 << 20),
    "nuls.txt": b"lighthouse" + b" " * 5000 + bytes(3000) + b"x",
    "half.txt": "lighthouse \U0001f600".encode("utf-16-le")[:-1],
    "outside.xml": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x; lighthouse</a>',
}  # fmt: skip


def test_hostile_texts_are_read_as_far_as_they_are_text_and_cost_nobody_else(bench):
    for name, content in HOSTILE.items():
        bench.put(name, content)
    bench.put("good.txt", b"a lighthouse")
    result = bench.check()
    assert result.tally.failures == 0
    found = {path for one in search(bench, "lighthouse", Only.TEXT) for path in one.paths}
    assert found == {"good.txt", *HOSTILE}
    assert all(len(one.text.encode()) <= 65536 for one in written(bench))
    assert not any("lollol" in one.text for one in written(bench))


def test_a_text_over_which_the_reader_crashes_costs_itself_only(bench, monkeypatch):
    hook = "tests.integration.casework.hooks:read_texts"
    monkeypatch.setattr("safelight.casework.check.texts.READER", hook)
    bench.put("bad.txt", b"DO:crash")
    for number in range(5):
        bench.put(f"good {number}.txt", b"lighthouse %d" % number)
    bench.check(tasks=tuple(hook if task == READER else task for task in CheckOptions.tasks))
    assert len(search(bench, "lighthouse", Only.TEXT)) == 5
    [left] = [one.left for one in written(bench) if one.left]
    assert "its text could not be read" in left[0]


def test_a_compressed_text_is_found_in_what_it_lies_in(bench):
    packed = io.BytesIO()
    packed.write(zlib.compress(b"a lighthouse", wbits=31))
    bench.put("note.txt.gz", packed.getvalue())
    bench.put("inner.zip", zipped({"a/b/note.txt": b"a harbour", "c/one.png": ONE}))
    bench.check()
    assert near(bench, "lighthouse") == {(("note.txt.gz > content",), ("text",)): []}
    assert near(bench, "harbour") == {(("inner.zip > a/b/note.txt",), ("text",)): ["inner.zip > c/one.png"]}


def test_nothing_written_stands_in_clear_in_any_table(bench):
    bench.put("letter.eml", bytes(message("Lanternhouse", "Mirrorlake https://pond.example/q", ("mill.png", ONE))))
    bench.check()
    with owner():
        rows = [*Item.objects.values_list(), *Sighting.objects.values_list()]
    said = repr([bytes(one) if isinstance(one, memoryview) else one for row in rows for one in row])
    assert "mill.png" in said
    assert not any(word in said for word in ("Lanternhouse", "Mirrorlake", "pond.example"))
