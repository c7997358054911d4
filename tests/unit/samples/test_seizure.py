import hashlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from safelight.media.sniff import sniff
from safelight.media.types import PICTURES, VIDEOS, UnreadablePictureError
from safelight.samples.known_lists import PREFIX, make_known_base
from safelight.samples.originals import ROUND, Role
from safelight.samples.seizure import OUTSIDE, make_seizure
from safelight.samples.truth import GroundTruth, Part, Verdict
from safelight.signatures.examine import examine

ORIGINALS = len(ROUND)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, GroundTruth]:
    folder = tmp_path_factory.mktemp("practice") / "seizure"
    return folder, make_seizure(folder, seed=7, originals=ORIGINALS)


def files(folder: Path) -> dict[bytes, Path]:
    found = {}
    for place, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            path = place + b"/" + name
            found[os.path.relpath(path, os.fsencode(folder))] = Path(os.fsdecode(path))
    return found


def test_the_truth_names_every_file_and_nothing_else(made):
    folder, truth = made
    there = {name for name, path in files(folder).items() if not path.is_symlink()}
    assert there == {one.place[0] for one in truth.expected if one.part is Part.FILE}
    assert {name for name, path in files(folder).items() if path.is_symlink()} == set(truth.links) - {b"elsewhere"}


def test_digests_in_the_truth_are_those_of_the_files(made):
    folder, truth = made
    for one in truth.expected:
        if one.part is Part.FILE and one.sha256:
            content = files(folder)[one.place[0]].read_bytes()
            assert hashlib.sha256(content).hexdigest() == one.sha256


def test_a_seed_gives_the_same_bytes(made, tmp_path):
    folder, truth = made
    again = make_seizure(tmp_path / "seizure", seed=7, originals=ORIGINALS)
    assert again == truth
    first, second = files(folder), files(tmp_path / "seizure")
    assert first.keys() == second.keys()
    assert all(first[name].read_bytes() == second[name].read_bytes() for name in first)


def test_every_verdict_and_oddity_is_in_it(made):
    _, truth = made
    assert set(truth.counts()) == {verdict.value for verdict in Verdict}
    names = [name for one in truth.expected for name in one.place]
    assert any(b"\n" in name for name in names)
    assert any(not name.isascii() for name in names)
    assert any(len(one.place) == 3 for one in truth.expected)
    assert any(one.part is Part.EMBEDDED for one in truth.expected)
    assert not all(one.promised for one in truth.expected if one.verdict is Verdict.COPY)


def test_what_is_expected_is_what_exact_search_over_the_signatures_finds(made):
    """The verdicts of all promised files, by brute force over the engine's signatures: no database, no sandbox."""
    folder, truth = made
    listed = {one.sha256: one for one in truth.listed}
    codes = np.array([
        np.frombuffer(bytes.fromhex(one.pdq), np.uint8)
        for one in truth.listed
        if one.role in {Role.ALPHA, Role.GAMMA, Role.BOTH, Role.ABSENT} and one.quality >= 50
    ])  # fmt: skip
    for one in truth.expected:
        if one.part is Part.FILE and one.promised:
            content = files(folder)[one.place[0]].read_bytes()
            if sniff(content[:4096]) in VIDEOS:
                continue
            assert answer(content, listed, codes) == one.verdict, one


def answer(content, listed, codes):
    kind = sniff(content[:4096])
    if kind not in PICTURES:
        return Verdict.NOT_EXAMINED
    try:
        seen = examine(content, kind)
    except UnreadablePictureError:
        return Verdict.UNREADABLE
    named = listed.get(hashlib.sha256(content).hexdigest())
    if named is not None:
        return Verdict.KNOWN_GOOD if named.role == Role.GOOD else Verdict.KNOWN
    for still in seen.stills:
        for one in (still.listed, still.shown):
            if one is not None and one.usable and one.quality >= 50:
                versions = np.frombuffer(one.versions, np.uint8).reshape(8, 1, 32)
                if np.bitwise_count(versions ^ codes).sum(axis=2, dtype=int).min() <= 31:
                    return Verdict.COPY
    return Verdict.NEW


def test_what_lies_behind_a_link_is_nowhere_inside(made):
    folder, truth = made
    outside = (folder.parent / OUTSIDE / "not seized.jpg").read_bytes()
    assert [hashlib.sha256(outside).hexdigest()] == truth.forbidden
    assert not [one for one in truth.expected if one.sha256 in truth.forbidden]
    assert (folder / "shortcut.jpg").resolve() == (folder.parent / OUTSIDE / "not seized.jpg").resolve()


def test_the_locked_entry_is_locked(made):
    folder, truth = made
    (locked,) = [one for one in truth.expected if one.verdict is Verdict.LOCKED and one.part is Part.ENTRY]
    with zipfile.ZipFile(folder / os.fsdecode(locked.place[0])) as archive:
        assert archive.getinfo(os.fsdecode(locked.place[1])).flag_bits & 1


def test_the_lists_name_what_the_truth_says(made, tmp_path):
    _, truth = made
    paths = make_known_base(tmp_path, truth, extra=5)
    assert all(path.name.startswith(PREFIX) for path in paths)
    alpha = json.loads((tmp_path / f"{PREFIX}alpha.json").read_text())
    assert "/DEMO/" in alpha["@odata.context"]
    in_alpha = {Role.ALPHA, Role.BOTH, Role.ABSENT}
    assert {one["MD5"].lower() for one in alpha["value"]} == {one.md5 for one in truth.listed if one.role in in_alpha}
    gamma = (tmp_path / f"{PREFIX}gamma.csv").read_text().splitlines()
    assert len(gamma) == 1 + 5 + sum(one.role in {Role.GAMMA, Role.BOTH, Role.MD5} for one in truth.listed)
    beta = (tmp_path / f"{PREFIX}beta.csv").read_text().splitlines()
    assert beta[1].count(";") == beta[0].count(";") + 1


def test_two_sources_contradict_one_another(made, tmp_path):
    _, truth = made
    make_known_base(tmp_path, truth)
    both = next(one for one in truth.listed if one.role == Role.BOTH)
    alpha = json.loads((tmp_path / f"{PREFIX}alpha.json").read_text())["value"]
    said = next(one["Category"] for one in alpha if one["MD5"].lower() == both.md5)
    row = next(line for line in (tmp_path / f"{PREFIX}gamma.csv").read_text().splitlines() if line.startswith(both.md5))
    assert str(said) != row.split(",")[6]


def test_roles_go_round_so_that_every_list_has_something():
    assert set(ROUND[:ORIGINALS]) == set(Role)


def test_a_seizure_is_never_written_into_another(made):
    with pytest.raises(FileExistsError):
        make_seizure(made[0], seed=7, originals=1)


def test_a_seizure_of_nothing_still_has_its_strangers(tmp_path):
    truth = make_seizure(tmp_path / "seizure", seed=1, originals=0)
    assert not truth.listed
    assert truth.counts()["unreadable"] == 3


def test_the_listed_video_is_in_the_seizure_and_one_is_encrypted(made, tmp_path):
    folder, truth = made
    make_known_base(tmp_path, truth)
    listed = hashlib.sha256((tmp_path / "graded" / "recording.mp4").read_bytes()).hexdigest()
    by_note = {one.note: one for one in truth.expected if one.part is Part.FILE}
    assert by_note["a video that is listed"].sha256 == listed
    assert b"encv" in files(folder)[by_note["an encrypted video"].place[0]].read_bytes()
