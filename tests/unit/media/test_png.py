"""PNG text chunks, profiles and checksums."""

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from safelight.media.png import mend_checksums, read_png
from tests.unit.media.making import encode, frames_of, image


def told(*texts: tuple[str, str], packed: bool = False, international: bool = False) -> bytes:
    info = PngInfo()
    for name, value in texts:
        (info.add_itxt if international else info.add_text)(name, value, zip=packed)
    return encode(image(), "PNG", pnginfo=info)


def test_prompts_of_generators_are_kept() -> None:
    text = "a harbour at dawn\nSteps: 20, Sampler: made up"
    for packed in (False, True):
        for international in (False, True):
            opened, _ = frames_of(told(("parameters", text), packed=packed, international=international))
            assert opened.metadata.text == {"parameters": text}
            assert opened.metadata.problems == []


def test_repeated_names_are_numbered_and_nul_shows() -> None:
    opened, _ = frames_of(told(("Comment", "a\x00b"), ("Comment", "c")))
    assert opened.metadata.text == {"Comment": "a␀b", "Comment[2]": "c"}


def test_imagemagick_profiles_are_read() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Harbour Optics"
    block = exif.tobytes()
    hexed = f"\nexif\n{len(block):8d}\n" + "\n".join(block.hex()[at : at + 72] for at in range(0, len(block.hex()), 72))
    opened, _ = frames_of(told(("Raw profile type exif", hexed)))
    assert opened.metadata.make == "Harbour Optics"


def test_a_profile_that_is_no_hex_is_named() -> None:
    opened, _ = frames_of(told(("Raw profile type exif", "\nexif\n 4\nzz")))
    assert opened.metadata.problems == ["PNG text 'exif' is no hex: not parsed"]


def test_bytes_after_the_end_are_named() -> None:
    opened, frames = frames_of(encode(image(), "PNG") + b"trailing")
    assert len(frames) == 1
    assert opened.metadata.problems == ["8 bytes follow the end of the PNG"]


def test_a_colour_profile_is_kept() -> None:
    assert frames_of(encode(image(), "PNG", icc_profile=b"profile"))[0].metadata.raw["icc"] == b"profile"


def test_mending_changes_nothing_that_is_right() -> None:
    content = encode(image(), "PNG")
    assert mend_checksums(memoryview(content)) == content


def test_mending_makes_checksums_right() -> None:
    content = bytearray(told(("Comment", "abc")))
    place = content.index(b"abc")
    content[place] ^= 1
    mended = mend_checksums(memoryview(bytes(content)))
    assert Image.open(io.BytesIO(mended)).text == {"Comment": "`bc"}


@given(st.binary(max_size=200))
def test_any_tail_is_survived(tail: bytes) -> None:
    content = b"\x89PNG\r\n\x1a\n" + tail
    read_png(memoryview(content))
    assert len(mend_checksums(memoryview(content))) == len(content)
