from pathlib import Path

from PIL import Image

from safelight.samples.photographs import SCIKIT_IMAGE, WALLPAPERS, load, photographs

PEOPLE = ("astronaut", "camera", "lfw", "face", "coins", "skin", "retina", "microaneurysms", "person")


def test_nothing_with_a_person_is_on_the_list():
    assert not [name for name in (*SCIKIT_IMAGE, *WALLPAPERS) if any(word in name.lower() for word in PEOPLE)]


def test_wallpapers_are_taken_by_name_only(tmp_path: Path):
    folder = tmp_path / "mate" / "nature"
    folder.mkdir(parents=True)
    for name in ("Dune.jpg", "Portrait.jpg"):
        Image.new("RGB", (30, 20)).save(folder / name)
    found = photographs([tmp_path])
    assert folder / "Dune.jpg" in found
    assert not [path for path in found if path.name == "Portrait.jpg"]


def test_a_folder_that_is_not_there_gives_nothing(tmp_path: Path):
    assert not [path for path in photographs([tmp_path / "nowhere"]) if tmp_path in path.parents]


def test_loading_gives_rgb_no_longer_than_asked(tmp_path: Path):
    Image.new("L", (3000, 1000)).save(tmp_path / "wide.png")
    image = load(tmp_path / "wide.png", longest=600)
    assert (image.mode, image.size) == ("RGB", (600, 200))
