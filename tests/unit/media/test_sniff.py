"""Kinds are told from content alone."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.media.sniff import sniff
from safelight.media.types import Kind
from tests.unit.media.making import encode, heic, image


def tar(kind: int) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=kind) as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return content.getvalue()


def old_tar() -> bytes:
    """A tar of 1979: no magic, only a checksum."""
    header = bytearray(tar(tarfile.USTAR_FORMAT)[:512])
    header[257:] = bytes(255)
    header[148:156] = b" " * 8
    header[148:155] = b"%06o\x00" % sum(header)
    return bytes(header)


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "a")
    return content.getvalue()


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return struct.pack(">L", len(body) + 4) + body


def mp3() -> bytes:
    frame = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s at 44.1 kHz: 417 bytes
    return frame * 3


def boot_sector() -> bytes:
    sector = bytearray(512)
    sector[446:462] = b"\x80\x01\x01\x00\x07\xfe\xff\xff" + struct.pack("<LL", 2048, 100_000)
    sector[510:] = b"\x55\xaa"
    return bytes(sector)


def at(offset: int, magic: bytes) -> bytes:
    return b"\x01" * offset + magic + bytes(64)


def tiff(*entries: tuple[int, int]) -> bytes:
    body = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in entries)
    return b"II*\x00" + struct.pack("<LH", 8, len(entries)) + body + bytes(4)


CASES: dict[str, tuple[bytes, Kind]] = {
    "jpeg": (encode(image(), "JPEG"), Kind.JPEG),
    "mpo": (encode(image(), "MPO", save_all=True, append_images=[image()]), Kind.JPEG),
    "png": (encode(image(), "PNG"), Kind.PNG),
    "gif": (encode(image(), "GIF"), Kind.GIF),
    "webp": (encode(image(), "WEBP"), Kind.WEBP),
    "webp lossless": (encode(image(), "WEBP", lossless=True), Kind.WEBP),
    "bmp": (encode(image(), "BMP"), Kind.BMP),
    "tiff": (encode(image(), "TIFF"), Kind.TIFF),
    "bigtiff": (encode(image(), "TIFF", big_tiff=True), Kind.TIFF),
    "avif": (encode(image(), "AVIF"), Kind.AVIF),
    "heic": (heic("gradient"), Kind.HEIF),
    "heif by a generic brand": (ftyp(b"mif1", b"heic", b"miaf"), Kind.HEIF),
    "avif by a generic brand": (ftyp(b"mif1", b"miaf", b"avif"), Kind.AVIF),
    "mp4": (ftyp(b"isom", b"iso2", b"avc1", b"mp41"), Kind.VIDEO),
    "quicktime": (ftyp(b"qt  "), Kind.VIDEO),
    "old quicktime": (struct.pack(">L", 32) + b"moov" + bytes(24), Kind.VIDEO),
    "3gp": (ftyp(b"3gp4", b"3gp4"), Kind.VIDEO),
    "m4a": (ftyp(b"M4A ", b"mp42"), Kind.SOUND),
    "canon cr3": (ftyp(b"crx ", b"crx "), Kind.CAMERA_RAW),
    "avi": (b"RIFF\x00\x01\x00\x00AVI LIST", Kind.VIDEO),
    "wav": (b"RIFF\x00\x01\x00\x00WAVEfmt ", Kind.SOUND),
    "unknown riff": (b"RIFF\x00\x01\x00\x00\x00\x00\x00\x00abcd", Kind.UNKNOWN),
    "matroska": (b"\x1aE\xdf\xa3\x93B\x82\x88matroska", Kind.VIDEO),
    "transport stream": ((b"\x47" + bytes(187)) * 5, Kind.VIDEO),
    "blu-ray stream": ((bytes(4) + b"\x47" + bytes(187)) * 5, Kind.VIDEO),
    "flac": (b"fLaC\x00\x00\x00\x22", Kind.SOUND),
    "ogg sound": (b"OggS\x00\x02" + bytes(22) + b"\x01vorbis", Kind.SOUND),
    "ogg film": (b"OggS\x00\x02" + bytes(22) + b"\x80theora", Kind.VIDEO),
    "mp3": (mp3(), Kind.SOUND),
    "mp3 with tags": (b"ID3\x04\x00" + bytes(20), Kind.SOUND),
    "zip": (zipped(), Kind.ZIP),
    "empty zip": (b"PK\x05\x06" + bytes(18), Kind.ZIP),
    "tar": (tar(tarfile.USTAR_FORMAT), Kind.TAR),
    "gnu tar": (tar(tarfile.GNU_FORMAT), Kind.TAR),
    "pax tar": (tar(tarfile.PAX_FORMAT), Kind.TAR),
    "old tar": (old_tar(), Kind.TAR),
    "gzip": (gzip.compress(b"a"), Kind.GZIP),
    "bzip2": (bz2.compress(b"a"), Kind.BZIP2),
    "empty bzip2": (bz2.compress(b""), Kind.BZIP2),
    "xz": (lzma.compress(b"a"), Kind.XZ),
    "7z": (b"7z\xbc\xaf'\x1c\x00\x04", Kind.SEVEN_ZIP),
    "rar": (b"Rar!\x1a\x07\x01\x00", Kind.OTHER_ARCHIVE),
    "ewf": (b"EVF\t\r\n\xff\x00\x01\x01\x00", Kind.EWF),
    "qcow2": (b"QFI\xfb\x00\x00\x00\x03", Kind.DISK_IMAGE),
    "partition table": (boot_sector(), Kind.RAW_IMAGE),
    "ntfs": (b"\xebR\x90NTFS    " + bytes(600), Kind.RAW_IMAGE),
    "ext4": (at(1080, b"\x53\xef\x01\x00"), Kind.RAW_IMAGE),
    "icon": (b"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00", Kind.OTHER_PICTURE),
    "jpeg 2000": (b"\x00\x00\x00\x0cjP  \r\n\x87\n", Kind.JPEG2000),
    "jpeg 2000, bare": (b"\xff\x4f\xff\x51\x00\x2f", Kind.JPEG2000),
    "motion jpeg 2000": (b"\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypmjp2", Kind.VIDEO),
    "jpeg 2000 pages": (b"\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjpm ", Kind.OTHER_PICTURE),
    "photoshop": (b"8BPS\x00\x01" + bytes(20), Kind.OTHER_PICTURE),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', Kind.OTHER_PICTURE),
    "canon cr2": (b"II*\x00\x10\x00\x00\x00CR\x02\x00", Kind.CAMERA_RAW),
    "dng": (tiff((0x00FE, 1), (0xC612, 1)), Kind.CAMERA_RAW),
    "nikon nef": (tiff((0x00FE, 1), (0x0103, 1), (0x010F, 999), (0x014A, 999)), Kind.CAMERA_RAW),
    "tiff of a camera": (tiff((0x0103, 1), (0x010F, 999)), Kind.TIFF),
    "tiff with its tags at the end": (b"II*\x00\x00\x00\x10\x00", Kind.TIFF),
    "pdf": (b"%PDF-1.7\n", Kind.PDF),
    "pdf behind blank lines": (b"\r\n\r\n%PDF-1.4\n", Kind.PDF),
    "words about a pdf": (b"see %PDF-1.4\n", Kind.DOCUMENT),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.DOCUMENT),
    "html": (b"\n<!DOCTYPE html><html>", Kind.DOCUMENT),
    "text": (("Grüße aus dem Hafen\n" * 300).encode(), Kind.DOCUMENT),
    "text beginning like a bitmap": (b"BMW is a make of car, not a bitmap\n", Kind.DOCUMENT),
    "utf-16 text": ("Hafen".encode("utf-16"), Kind.DOCUMENT),
    "empty": (b"", Kind.EMPTY),
    "zeros": (bytes(4096), Kind.UNKNOWN),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(57), Kind.UNKNOWN),
    "junk before a jpeg": (b"\x00\x01\x02" + encode(image(), "JPEG"), Kind.UNKNOWN),
}


@pytest.mark.parametrize(("content", "kind"), CASES.values(), ids=CASES.keys())
def test_kind(content: bytes, kind: Kind) -> None:
    assert sniff(content) is kind
    assert sniff(memoryview(content[:4096])) is kind


@given(st.binary(max_size=600))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert isinstance(sniff(head), Kind)


@given(st.sampled_from([content for content, _ in CASES.values()]), st.integers(0, 4096))
def test_any_beginning_has_a_kind(content: bytes, size: int) -> None:
    assert isinstance(sniff(content[:size]), Kind)


@given(st.text(min_size=1).filter(lambda text: all(letter >= " " for letter in text)))
def test_text_is_never_taken_for_a_picture_that_would_be_decoded(text: str) -> None:
    assert sniff(("the " + text).encode("utf-8", "replace")) is Kind.DOCUMENT


def test_text_cut_inside_a_character_is_text() -> None:
    assert sniff(b"x" * 4095 + "ü".encode()) is Kind.DOCUMENT
