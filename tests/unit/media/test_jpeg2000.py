"""JPEG 2000: the same picture as its PNG, what its boxes carry, and claims that are refused before they are believed."""

import struct

import numpy as np
import pytest

from safelight.media.picture import open_picture
from safelight.media.types import Kind, PictureLimits, UnreadablePictureError
from safelight.samples.exif import Camera, write_exif
from safelight.samples.pictures import picture
from safelight.signatures.examine import examine
from tests.unit.media.making import encode, frames_of, image

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Harbour 3"/></rdf:RDF></x:xmpmeta>"""
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">L", 8 + len(body)) + name + body


def with_boxes(content: bytes, *boxes: bytes) -> bytes:
    """A JP2 with boxes put before its codestream."""
    at = content.index(b"jp2c") - 4
    return content[:at] + b"".join(boxes) + content[at:]


def claiming(content: bytes, width: int, height: int) -> bytes:
    at = content.index(b"\xff\x4f\xff\x51") + 8
    return content[:at] + struct.pack(">LL", width, height) + content[at + 8 :]


@pytest.mark.parametrize("bare", [False, True])
def test_its_hash_is_that_of_the_same_picture_as_png(bare):
    shown = picture(5, 1, (480, 320))
    lossless = examine(encode(shown, "JPEG2000", no_jp2=bare), Kind.JPEG2000)
    png = examine(encode(shown, "PNG"), Kind.PNG)
    assert lossless.stills[0].listed == png.stills[0].listed
    assert lossless.stills[0].pixels == png.stills[0].pixels
    lossy = encode(shown, "JPEG2000", no_jp2=bare, irreversible=True, quality_mode="rates", quality_layers=[20])
    bits = np.frombuffer(examine(lossy, Kind.JPEG2000).stills[0].listed.bits, np.uint8)
    apart = int(np.bitwise_count(bits ^ np.frombuffer(png.stills[0].listed.bits, np.uint8)).sum())
    assert apart <= 10


def test_alpha_and_sixteen_bits_come_through():
    assert frames_of(encode(image("RGBA"), "JPEG2000"))[1][0].alpha is not None
    opened, (frame,) = frames_of(encode(image("I;16"), "JPEG2000"))
    assert opened.mode == "I;16"
    assert frame.rgb.min() < 8
    assert frame.rgb.max() > 247


def test_metadata_lies_in_its_boxes():
    exif = b"Exif\x00\x00" + write_exif(Camera()).removeprefix(b"Exif\x00\x00")
    content = with_boxes(
        encode(image(), "JPEG2000"),
        box(b"uuid", XMP_UUID + XMP),
        box(b"uuid", b"JpgTiffExif->JP2" + exif),
        box(b"xml ", b"<note>from the harbour</note>"),
    )
    told = open_picture(content, Kind.JPEG2000).metadata
    assert told.xmp["xmp:CreatorTool"] == "Harbour 3"
    assert told.make == Camera().make
    assert told.raw["xml"] == b"<note>from the harbour</note>"


@pytest.mark.parametrize("bare", [False, True])
def test_what_the_codestream_claims_is_held_to_the_limit(bare):
    content = claiming(encode(image(), "JPEG2000", no_jp2=bare), 60_000, 60_000)
    with pytest.raises(UnreadablePictureError, match="60000 x 60000 pixels"):
        open_picture(content, Kind.JPEG2000)


def test_boxes_without_end_are_not_followed():
    content = with_boxes(encode(image(), "JPEG2000"), *[box(b"free", b"")] * 1500)
    assert "boxes" in open_picture(content, Kind.JPEG2000, limits=PictureLimits()).metadata.problems[0]
