"""A unit's own graded pictures: a table with paths, hashed on the way in by the real sandbox."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from safelight.known.actions import do_import_list
from safelight.known.importing import ImportOptions
from safelight.known.matching import KnownBase
from safelight.known.models import KnownEntry
from safelight.media.types import Kind
from safelight.samples.pictures import picture
from safelight.signatures.digests import digest
from safelight.signatures.examine import examine
from safelight.vault.signatures import NewSignature
from tests.integration.known.conftest import NOW
from tests.nodes import NODE, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_postgresql]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "graded"
    (folder / "inner").mkdir(parents=True)
    picture(3, 0).save(folder / "harbour.jpg", quality=90)
    picture(3, 1).save(folder / "inner" / "rooms é.png")
    Image.new("RGB", (300, 200), "white").save(folder / "white.png")
    (folder / "note.txt").write_text("no picture")
    (folder / "broken.jpg").write_bytes((folder / "harbour.jpg").read_bytes()[:60])
    (tmp_path / "outside.png").write_bytes((folder / "white.png").read_bytes())
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    return folder


def bring(folder: Path, settings, text: str):
    (folder / "list.csv").write_text(text, encoding="utf-8")
    options = ImportOptions(name="own", scheme="VIC-US")
    made = {"settings": settings, "node": NODE, "acting_user": "officer", "now": NOW}
    return do_import_list(folder / "list.csv", options=options, **made)


def test_pictures_are_digested_and_hashed(pictures, folder, tmp_path):
    result = bring(pictures, folder, "path,category\nharbour.jpg,1\ninner/rooms é.png,2\n")
    assert (result.counts.new, result.counts.refused) == (2, 0)
    turned = tmp_path / "turned.jpg"
    ImageOps.mirror(Image.open(pictures / "harbour.jpg")).resize((400, 300)).save(turned, quality=80)
    content = turned.read_bytes()
    question = NewSignature.of(digest(content), examine(content, Kind.JPEG).stills)
    same = NewSignature.of(digest((pictures / "harbour.jpg").read_bytes()))
    near, exact = KnownBase.open(NODE, now=NOW).match([question, same])
    assert (near[0].how, near[0].near.transform, near[0].statement.external_id) == ("pdq", "flipy", "harbour.jpg")
    assert (exact[0].how, exact[0].size_agrees, exact[0].statement.grade) == ("sha256", True, "1")


def test_again_adds_nothing(pictures, folder):
    text = "path,category\nharbour.jpg,1\n"
    bring(pictures, folder, text)
    assert bring(pictures, folder, text).counts.repeated == 1


def test_what_cannot_be_hashed_is_refused_or_noted(pictures, folder):
    md5 = hashlib.md5(b"elsewhere").hexdigest()
    result = bring(
        pictures,
        folder,
        f"path,category,md5\nmissing.jpg,1,\n../outside.png,1,\nlink.png,1,\n/etc/passwd,1,\ninner,1,\nharbour.jpg,1,{md5}\n"
        f"note.txt,1,\nbroken.jpg,1,\nwhite.png,1,\ngone.jpg,1,{md5}\n",
    )
    reasons = dict(result.counts.problems)
    assert sorted(reasons) == [2, 3, 4, 5, 6, 7]
    for line, word in (
        (2, "No such file"),
        (3, "outside"),
        (4, "outside"),
        (5, "outside"),
        (6, "directory"),
        (7, "another MD5"),
    ):
        assert word in reasons[line]
    entries = KnownEntry.objects.all()
    notes = {entry.line: words.notes for entry, words in zip(entries, words_of(entries), strict=True)}
    assert "unknown" in notes[8][0] or "document" in notes[8][0]
    assert "no hash of what it shows" in notes[9][0]
    assert notes[11] == ["not hashed: 'gone.jpg' could not be read: No such file or directory"]
    white = KnownEntry.objects.get(line=10)
    assert white.hash_state != "matched"
