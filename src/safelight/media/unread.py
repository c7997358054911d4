"""What a content is that this version cannot look into, in words: told from its first bytes, or from its last."""

from safelight.media.types import Kind

TAIL = 512
_BEGIN: tuple[tuple[bytes, str], ...] = (
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"MSCF\x00\x00\x00\x00", "a cabinet archive (CAB)"),
    (b"EVF2\r\n\x81\x00", "an EnCase image of the second kind (Ex01)"),
    (b"LVF\t\r\n\xff\x00", "an EnCase logical image (L01)"),
    (b"LEF2\r\n\x81\x00", "an EnCase logical image of the second kind (Lx01)"),
    (b"AFF10\r\n", "an AFF image"),
    (b"QFI\xfb", "a QEMU disk (qcow2)"),
    (b"KDMV", "a VMware disk (VMDK)"),
    (b"COWD", "a VMware disk (VMDK)"),
    (b"# Disk DescriptorFile", "the description of a VMware disk (VMDK): its data lie in other files"),
    (b"conectix", "a virtual hard disk (VHD) that grows"),
    (b"vhdxfile", "a virtual hard disk (VHDX)"),
    (b"ADSEGMENTEDFILE", "an AccessData image (AD1)"),
)
_VIRTUALBOX = 64, b"\x7f\x10\xda\xbe"
_DMG = b"koly\x00\x00\x00\x04\x00\x00\x02\x00"
"""The trailer of an Apple disk image: its magic, version 4, 512 bytes long."""


def words_for(head: bytes) -> str | None:
    """What a content is that begins with `head`, where there are words for it."""
    for magic, words in _BEGIN:
        if head.startswith(magic):
            return words
    at, magic = _VIRTUALBOX
    return "a VirtualBox disk (VDI)" if head[at : at + len(magic)] == magic else None


def words_for_end(tail: bytes) -> tuple[Kind, str] | None:
    """What a content is by its last 512 bytes, where its first ones say nothing."""
    if len(tail) == TAIL and tail.startswith(_DMG):
        return Kind.DISK_IMAGE, "an Apple disk image (DMG)"
    return None
