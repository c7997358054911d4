import hashlib
import io

import pytest
from click.testing import CliRunner

from safelight.media.sniff import sniff
from safelight.media.types import Kind
from safelight.media.video import open_video
from safelight.samples.__main__ import main
from safelight.samples.formats import FORMATS
from safelight.samples.many import archive_bases, bases, film_bases, make_many
from safelight.samples.truth import GroundTruth


def test_every_format_is_among_the_bases():
    assert {sniff(base.content[:4096]) for base in bases(1, 1)} == {form.kind for form in FORMATS.values()}


def test_archives_are_what_they_say():
    kinds = {base.name: sniff(base.content[:4096]) for base in archive_bases(1)}
    assert kinds == {
        "zip": Kind.ZIP, "zip-nested": Kind.ZIP, "tar": Kind.TAR,
        "tar-gz": Kind.GZIP, "tar-bz2": Kind.BZIP2, "tar-xz": Kind.XZ, "mail": Kind.MAIL, "pdf": Kind.PDF,
    }  # fmt: skip
    assert archive_bases(1) == archive_bases(1)


@pytest.mark.parametrize("mutated", [False, True])
def test_many_are_all_different_and_spread_over_folders(tmp_path, mutated):
    made = list(make_many(tmp_path / "many", 1100, 3, mutated=mutated))
    assert len(made) == 1100
    assert len({path.parent for path in made}) == 2
    different = {hashlib.sha256(path.read_bytes()).digest() for path in made}
    assert len(different) > (1000 if mutated else 1099)


def test_portions_are_the_same_files_as_the_whole(tmp_path):
    whole = {path.name: path.read_bytes() for path in make_many(tmp_path / "whole", 9, 3, mutated=True)}
    parts = {path.name: path.read_bytes() for path in make_many(tmp_path / "one", 4, 3, mutated=True)}
    parts |= {path.name: path.read_bytes() for path in make_many(tmp_path / "two", 5, 3, mutated=True, first=4)}
    assert parts == whole


def test_the_seizure_command_writes_seizure_lists_and_truth(tmp_path):
    out = tmp_path / "practice"
    first = CliRunner().invoke(main, ["seizure", "--seed", "3", "--originals", "3", "--out", str(out)])
    assert first.exit_code == 0, first.output
    assert "known good" not in first.output
    assert GroundTruth.load(out / "truth.json").originals == 3
    assert len(list((out / "known").glob("*.*"))) == 5
    again = CliRunner().invoke(main, ["seizure", "--out", str(out)])
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_the_other_commands_write_what_they_say(tmp_path):
    many = CliRunner().invoke(main, ["many", "--count", "5", "--mutated", "--out", str(tmp_path / "many")])
    assert many.output.startswith("5 files")
    pictures = CliRunner().invoke(main, ["pictures", "--count", "1", "--out", str(tmp_path / "pictures")])
    assert pictures.output.startswith("6 pictures")
    assert len(list((tmp_path / "pictures").iterdir())) == 6


def test_films_are_of_every_family_and_each_can_be_read():
    made = {base.name: base.content for base in film_bases(3)}
    assert len(made) == 9
    for name, content in made.items():
        if name == "motion-photo":
            assert sniff(content[:4096]) is Kind.JPEG
            continue
        video = open_video(io.BytesIO(content))
        frames = len(list(video.frames()))
        assert (frames > 3) is (name != "film-encrypted"), name
