"""Which files and folders can be the sources of a check."""

import os

import pytest

from safelight.errors import UsageError
from safelight.evidence.roots import outermost, refuse_unfit


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "data" / "objects").mkdir(parents=True)
    (tmp_path / "big" / "inner").mkdir(parents=True)
    (tmp_path / "bigger").mkdir()
    (tmp_path / "big" / "0001.jpg").touch()
    (tmp_path / "dangling").symlink_to("the target")
    (tmp_path / "to data").symlink_to("data/objects")
    (tmp_path / "big" / "out").symlink_to("../bigger")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (b"nowhere", "'nowhere' is not there"),
        (b"dangling", "'dangling' is a link that leads nowhere"),
        (b"e\x1b]0;\a", r"'e\x1b]0;\x07' is not there"),
        (b"data", "inside 'data'"),
        (b".", "inside '.'"),
        (b"/", "inside '/'"),
        (b"data/objects", "'data/objects' lies inside the data folder"),
        (b"to data", "'to data' lies inside the data folder"),
    ],
)
def test_what_cannot_be_a_source_is_refused_by_the_name_that_was_typed(here, path, said):
    with pytest.raises(UsageError) as refused:
        refuse_unfit([b"big", path], os.fsencode(here / "data"))
    assert said in refused.value.message


def test_what_lies_beside_the_data_folder_is_taken(here):
    refuse_unfit([b"big", b"bigger", b"big/0001.jpg"], os.fsencode(here / "data"))
    refuse_unfit([b"big"], os.fsencode(here / "bi"))


@pytest.mark.parametrize(
    ("paths", "walked", "dropped"),
    [
        ([b"big", b"big/0001.jpg"], [b"big"], [(b"big/0001.jpg", b"big")]),
        ([b"big/inner", b"big/0001.jpg", b"big/"], [b"big/"], [(b"big/inner", b"big/"), (b"big/0001.jpg", b"big/")]),
        ([b"big", b"bigger"], [b"big", b"bigger"], []),
        ([b"big", b"big/out"], [b"big", b"big/out"], []),
    ],
)
def test_what_lies_in_another_is_dropped(here, paths, walked, dropped):
    assert outermost(paths) == (walked, dropped)
