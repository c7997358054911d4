"""Videos in a check: what is known of them, where the passages are, and what becomes of broken ones."""

import io
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from safelight.casework.models import Answer, Kept, StackMember
from safelight.casework.proof import TABLE, open_evidence
from safelight.evidence.models import Item, Sighting
from safelight.samples.films import RATE, film, moving, still
from safelight.vault.queries import open_content
from tests.unit.signatures.test_film import encrypted, sound

HEIC = Path(__file__).parents[2] / "data/heic"
pytestmark = pytest.mark.django_db(transaction=True)


def answers(bench):
    """Of each name: the verdict, and the evidence."""
    columns = bench.vault.columns(TABLE)
    current = {one.item_id: one for one in Answer.objects.filter(current=True)}
    return {
        bytes(row.name).decode(): (
            current[row.item_id].verdict,
            open_evidence(bytes(current[row.item_id].evidence), current[row.item_id].pk, columns),
        )
        for row in Sighting.objects.filter(item__isnull=False)
    }


def graded(bench, tmp_path, **files):
    """Bring a unit's own graded files into the base."""
    folder = tmp_path / "graded"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    table = folder / "demo-not-for-use-own.csv"
    table.write_text("path,category\n" + "".join(f"{name},1\n" for name in files))
    return bench.learn(table)


def jpeg(rgb):
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=80)
    return out.getvalue()


def test_a_clip_of_a_known_film_is_found_and_where_it_starts_in_both(bench, tmp_path):
    whole = moving(1, 20 * RATE)
    graded(bench, tmp_path, whole=film(whole))
    begin, end = 8 * RATE, 12 * RATE
    small = [np.asarray(Image.fromarray(frame).reduce(2)) for frame in whole[begin:end]]
    bench.put("clip", film(small, "matroska", "mpeg4", bits=300_000))
    bench.put("mirrored", film([frame[:, ::-1] for frame in whole[begin:end]]))
    bench.put("inside", film(moving(2, 5 * RATE) + whole[begin:end] + moving(3, 5 * RATE)))
    bench.put("other", film(moving(4, 10 * RATE)))
    bench.put("whole", film(whole))
    bench.check()
    told = answers(bench)
    assert {name: verdict for name, (verdict, _) in told.items()} == {
        "clip": "copy of known", "mirrored": "copy of known", "inside": "copy of known", "other": "new", "whole": "known",
    }  # fmt: skip
    for name, starts in (("clip", 0), ("mirrored", 0), ("inside", 5)):
        [[start, stop, known_start, known_stop]] = told[name][1][0].passages
        assert abs(start - starts) <= 0.6, name
        assert abs((known_start - start) - (8 - starts)) <= 0.3, name
        assert stop - start >= 2.9, name
        assert known_stop - known_start >= 2.9, name
    assert told["mirrored"][1][0].transform == "flipy"


def test_a_still_of_a_known_film_is_found_at_its_second_and_the_other_way_round(bench, tmp_path):
    frames = moving(5, 12 * RATE)
    graded(bench, tmp_path, known=film(frames), picture=jpeg(still(77, (640, 384))))
    bench.put("still.jpg", jpeg(frames[7 * RATE]))
    bench.put("film", film([*moving(6, 4 * RATE), *[still(77)] * RATE, *moving(7, 2 * RATE)]))
    bench.check()
    told = answers(bench)
    [of_film], [of_picture] = told["still.jpg"][1], told["film"][1]
    assert (told["still.jpg"][0], told["film"][0]) == ("copy of known", "copy of known")
    assert (of_film.at, abs(of_film.known_at - 7) <= 0.2) == (None, True)
    assert (of_picture.known_at, 4 <= of_picture.at <= 5.1) == (None, True)


def test_a_new_film_is_kept_and_can_be_opened_again(bench):
    content, inside = film(moving(9, 2 * RATE)), film(moving(10, 2 * RATE), "avi")
    bench.put("new", content)
    bench.put_zip("packed.zip", {"inner": inside})
    result = bench.check()
    assert result.unkept == 0
    owner = bench.vault.keys.node
    for one in (content, inside):
        assert open_content(bench.vault, sha256(one).digest(), owner).read() == one
    assert Kept.objects.count() == 2


def test_what_cannot_be_read_of_a_film_is_named_and_the_rest_goes_on(bench):
    good = film(moving(8, 4 * RATE), "matroska")
    bench.put("cut", good[: len(good) // 2])
    bench.put("unreadable", film(moving(8, 2 * RATE))[:2000])
    bench.put("fine", good)
    bench.put_zip("packed.zip", {"inner": good})
    assert bench.check().tally.failures == 2
    assert bench.failures() == {"cut": "damaged", "unreadable": "unreadable"}
    kinds = {bytes(row.name).decode(): row.item.state for row in Sighting.objects.all() if row.item}
    assert kinds == {
        "cut": "video",
        "fine": "video",
        "inner": "video",
        "unreadable": "unreadable",
        "packed.zip": "no media",
    }
    item = Item.objects.get(pk=Sighting.objects.get(name=b"fine").item_id)
    assert (item.width, item.height, item.frames, item.mode) == (320, 192, 4 * RATE, "mpeg4")
    again = bench.check()
    assert (again.tally.failures, again.tally.verdicts) == (0, {})


def stacks():
    """Of each stack's first name: the names in it, and those beside it."""
    names = {row.item_id: bytes(row.name).decode() for row in Sighting.objects.filter(item__isnull=False)}
    found = {}
    for one in StackMember.objects.order_by("id"):
        within = found.setdefault(names[one.representative_id], ({}, []))
        if one.near:
            within[1].append(names[one.item_id])
        else:
            within[0][names[one.item_id]] = one.how
    return found


def test_copies_of_a_new_film_are_one_stack_and_a_clip_stands_beside_it(bench):
    whole = moving(11, 9 * RATE)
    bench.put("whole", film(whole))
    small = [np.asarray(Image.fromarray(frame).resize((240, 144))) for frame in whole]
    bench.put("small", film(small, "matroska", bits=500_000))
    bench.put("other", film(moving(12, 4 * RATE)))
    bench.check()
    assert stacks() == {
        "whole": ({"whole": "representative", "small": "copy"}, []),
        "other": ({"other": "representative"}, []),
    }
    assert Kept.objects.count() == 2
    bench.put("clip", film(whole[3 * RATE : 7 * RATE], bits=900_000))
    bench.check()
    assert stacks()["whole"] == ({"whole": "representative", "small": "copy"}, ["clip"])


def test_a_film_that_was_answered_is_answered_again_when_more_is_known(bench, tmp_path):
    whole = moving(13, 6 * RATE)
    bench.put("seen", film(whole, bits=900_000))
    bench.check()
    assert answers(bench)["seen"][0] == "new"
    graded(bench, tmp_path, known=film(whole))
    bench.check()
    assert answers(bench)["seen"][0] == "copy of known"


def test_encrypted_films_are_locked_and_sound_alone_is_not_examined(bench):
    bench.put("encrypted", encrypted())
    bench.put("again", encrypted())
    bench.put("sound", sound())
    assert bench.check().tally.failures == 0
    told = {bytes(row.name).decode(): (row.state, row.reason) for row in Sighting.objects.all()}
    assert told == {
        "encrypted": ("locked", "its pictures are encrypted (cenc)"),
        "again": ("locked", "its pictures are encrypted (cenc)"),
        "sound": ("not examined", "it holds no film: a sound recording, or text, in a video's container"),
    }
    assert {name: verdict for name, (verdict, _) in answers(bench).items()} == {
        "encrypted": "locked", "again": "locked", "sound": "not examined",
    }  # fmt: skip
    again = bench.check()
    assert (again.tally.failures, again.tally.verdicts) == (0, {})


def test_what_tells_a_film_in_another_container_stacks_it(bench):
    frames = moving(14, RATE // 2)
    bench.put("one", film(frames))
    bench.put("other", film(frames, "matroska"))
    bench.check()
    [(members, near)] = stacks().values()
    assert (sorted(members.values()), near) == (["representative", "same stream"], [])
    item = Sighting.objects.get(name=b"one").item
    assert item.metadata["container"].startswith("ftyp(isom/512")


def test_the_video_of_a_motion_photo_is_a_sighting_of_its_own(bench, tmp_path):
    moment, known = film(moving(15, 3 * RATE)), moving(16, 3 * RATE)
    graded(bench, tmp_path, known=film(known))
    bench.put("new.jpg", jpeg(still(80)) + moment)
    bench.put("again.jpg", jpeg(still(80)) + moment)
    bench.put("known.jpg", jpeg(still(81)) + film(known, bits=500_000) + b"\0\0\0\0SEFT")
    bench.put("cut.jpg", jpeg(still(82)) + moment[:300])
    assert bench.check().tally.failures == 1
    rows = {}
    columns = bench.vault.columns(TABLE)
    for row in Sighting.objects.filter(how="embedded").select_related("item", "parent").order_by("id"):
        answer = Answer.objects.get(item=row.item, current=True)
        found = open_evidence(bytes(answer.evidence), answer.pk, columns)
        rows[bytes(row.parent.name).decode()] = (row.detail, row.item.state, answer.verdict, len(found))
    assert rows == {
        "new.jpg": ("motion-photo", "video", "new", 0),
        "again.jpg": ("motion-photo", "video", "new", 0),
        "known.jpg": ("motion-photo", "video", "copy of known", 1),
        "cut.jpg": ("motion-photo", "unreadable", "unreadable", 0),
    }
    assert bench.failures() == {"cut.jpg [motion-photo]": "unreadable"}
    owner = bench.vault.keys.node
    assert open_content(bench.vault, sha256(moment).digest(), owner).read() == moment
    again = bench.check()
    assert (again.tally.failures, again.tally.verdicts) == (0, {})


def test_what_a_camera_computes_beside_a_picture_is_matched_and_not_shown(bench, tmp_path):
    urn = b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:hevc:2015:auxid:2"
    bench.put("depth.heic", (HEIC / "alpha.heic").read_bytes().replace(*urn))
    bench.check()
    row = Sighting.objects.get(how="embedded")
    assert (row.detail, row.state, row.item.state) == ("heif-depth", "not examined", "no media")
    assert row.reason.startswith("the depth map of the picture")
    assert answers(bench)["heif-depth"][0] == "not examined"
    assert (row.item.width, row.item.height) == (96, 64)


def with_cover(frames, cover):
    """A film with a picture beside it."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        beside = file.add_stream("mjpeg", rate=RATE)
        beside.width, beside.height, beside.pix_fmt = 320, 192, "yuvj420p"
        beside.disposition = av.stream.Disposition.attached_pic
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = number
            file.mux(stream.encode(frame))
        packet = av.Packet(cover)
        packet.stream, packet.pts, packet.dts, packet.is_keyframe = beside, 0, 0, True
        file.mux(packet)
        file.mux(stream.encode(None))
    return out.getvalue()


def test_the_cover_of_a_film_is_a_sighting_of_its_own(bench, tmp_path):
    known, new = jpeg(still(90)), jpeg(still(91))
    graded(bench, tmp_path, known=known)
    bench.put("one", with_cover(moving(17, RATE), known))
    bench.put("other", with_cover(moving(18, RATE), new))
    bench.put("broken", with_cover(moving(19, RATE), new[:40]))
    bench.check()
    verdicts = dict(Answer.objects.filter(current=True).values_list("item", "verdict"))
    rows = Sighting.objects.filter(how="embedded").select_related("parent")
    told = {bytes(row.parent.name).decode(): (row.detail, verdicts[row.item_id]) for row in rows}
    assert told == {"one": ("cover", "known"), "other": ("cover", "new"), "broken": ("cover", "unreadable")}
    owner = bench.vault.keys.node
    assert open_content(bench.vault, sha256(new).digest(), owner).read() == new
    again = bench.check()
    assert (again.tally.failures, again.tally.verdicts) == (0, {})
