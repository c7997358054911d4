"""What cannot be looked into is named by its content."""

import pytest

from safelight.media.sniff import sniff
from safelight.media.types import Kind
from safelight.media.unread import TAIL, words_for, words_for_end

CASES = {
    "RAR": (b"Rar!\x1a\x07\x01\x00", Kind.OTHER_ARCHIVE),
    "CAB": (b"MSCF\x00\x00\x00\x00", Kind.OTHER_ARCHIVE),
    "Ex01": (b"EVF2\r\n\x81\x00", Kind.DISK_IMAGE),
    "L01": (b"LVF\t\r\n\xff\x00", Kind.DISK_IMAGE),
    "Lx01": (b"LEF2\r\n\x81\x00", Kind.DISK_IMAGE),
    "AFF": (b"AFF10\r\n", Kind.DISK_IMAGE),
    "qcow2": (b"QFI\xfb\x00\x00\x00\x03", Kind.DISK_IMAGE),
    "VMDK": (b"KDMV\x01\x00\x00\x00", Kind.DISK_IMAGE),
    "VHD": (b"conectix", Kind.DISK_IMAGE),
    "VHDX": (b"vhdxfile", Kind.DISK_IMAGE),
    "AD1": (b"ADSEGMENTEDFILE\x00", Kind.DISK_IMAGE),
    "VDI": (bytes(64) + b"\x7f\x10\xda\xbe", Kind.DISK_IMAGE),
}


@pytest.mark.parametrize("name", CASES)
def test_a_foreign_container_is_told_by_its_first_bytes(name):
    head, kind = CASES[name]
    head = head.ljust(4096, b"\0")
    assert sniff(head) is kind
    assert name in (words_for(head) or "")


def test_an_apple_disk_image_is_told_by_its_last_bytes():
    trailer = (b"koly" + (4).to_bytes(4, "big") + (512).to_bytes(4, "big")).ljust(TAIL, b"\0")
    assert words_for_end(trailer) == (Kind.DISK_IMAGE, "an Apple disk image (DMG)")
    assert words_for_end(trailer[1:]) is None
    assert words_for_end(bytes(TAIL)) is None


@pytest.mark.parametrize("head", [b"", b"plain text", b"\xff\xd8\xff\xe0", b"PK\x03\x04"])
def test_of_anything_else_nothing_is_said(head):
    assert words_for(head) is None
