"""`safelight hash` and `safelight compare` on files, and on things that are none."""

import io
import json
import os
import socket

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from safelight.cli.comparing import compare_files
from safelight.cli.engine import _look
from safelight.samples.films import RATE, film, moving
from tests.unit.signatures.test_film import encrypted


@pytest.fixture
def things(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        yield tmp_path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("folder", "is a folder: name files"),
        ("pipe", "is a device, pipe or socket, which is not opened: name files"),
        ("socket", "is a device, pipe or socket, which is not opened: name files"),
        ("link", "is a link, which is not followed: name the file that it leads to"),
        ("nothing", "no such file or directory"),
    ],
)
def test_what_is_no_file_is_named_as_what_it_is(things, name, problem):
    assert _look(None, os.fsencode(things / name), None) == {"path": str(things / name), "problem": problem}


def compared(folder, **files):
    """What comparing two files says, in the order of their names."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return CliRunner().invoke(compare_files, [str(folder / name) for name in files])


def test_two_videos_are_compared_by_the_passages_that_they_share(tmp_path):
    whole = moving(3, 8 * RATE)
    clip = film([frame[:, ::-1] for frame in whole[3 * RATE : 7 * RATE]], "matroska", bits=900_000)
    told = json.loads(compared(tmp_path, clip=clip, whole=film(whole)).output)
    [passage] = told["passages"]
    assert (told["same_stream"], told["transform"]) == (False, "flipy")
    assert abs(passage["b_from"] - passage["a_from"] - 3) <= 0.2
    assert passage["a_to"] - passage["a_from"] >= 3
    nothing = json.loads(compared(tmp_path, clip=clip, other=film(moving(4, 4 * RATE))).output)
    assert (nothing["passages"], nothing["transform"]) == ([], None)
    same = json.loads(compared(tmp_path, one=film(whole[:9]), other=film(whole[:9], "matroska")).output)
    assert same["same_stream"] is True


@pytest.mark.parametrize("order", ["picture first", "film first"])
def test_a_picture_is_compared_with_the_frame_of_a_video_that_it_is_nearest_to(tmp_path, order):
    frames = moving(5, 4 * RATE)
    out = io.BytesIO()
    Image.fromarray(np.rot90(frames[2 * RATE])).save(out, "JPEG")
    files = {"picture": out.getvalue(), "film": film(frames)}
    if order == "film first":
        files = dict(reversed(files.items()))
    told = json.loads(compared(tmp_path, **files).output)
    assert told["distance"] <= 16
    assert told["transform"] == "rotate270"
    assert abs(told["b_at" if order == "picture first" else "a_at"] - 2) <= 0.05


def test_what_cannot_be_compared_says_why(tmp_path):
    whole = film(moving(3, 9))
    locked = compared(tmp_path, locked=encrypted(), whole=whole)
    assert (locked.exit_code, locked.exception.message) == (
        1, f"{tmp_path}/locked: its pictures are encrypted (cenc)",
    )  # fmt: skip
    text = compared(tmp_path, text=b"no media", whole=whole)
    assert text.exception.message == f"{tmp_path}/text is no picture or video (document): name two that are"
