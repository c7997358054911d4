"""Volumes without a file system that we can read, told from their first 128 KiB: locked ones, others by their name."""

from dataclasses import dataclass

HEAD_BYTES = 128 << 10
_APFS_LOCKER, _APFS_LOCKER_BYTES = 1296, 16
"""`nx_keylocker` of an APFS container: where the keys of its encrypted volumes lie (Apple File System Reference)."""


@dataclass(frozen=True)
class Foreign:
    """What a volume is; `locked` where a key would open it, `empty` where it begins with nothing but zeros."""

    words: str
    locked: bool = False
    empty: bool = False


_LOCKED = (
    (3, b"-FVE-FS-", "BitLocker"),
    (0, b"LUKS\xba\xbe", "LUKS"),
    (0, b"SKUL\xba\xbe", "LUKS"),
    (88, b"CS\x01\x00", "CoreStorage, as FileVault 2 has it"),
)
_KNOWN = (
    (0, b"XFSB", "XFS"),
    (0, b"hsqs", "SquashFS"),
    (512, b"LABELONE", "LVM physical volume"),
    (3, b"ReFS\0", "ReFS"),
    (1024, b"\x10\x20\xf5\xf2", "F2FS"),
    (4086, b"SWAPSPACE2", "Linux swap"),
    (4086, b"SWAP-SPACE", "Linux swap"),
    (4096, b"\xfc\x4e\x2b\xa9", "part of a Linux RAID"),
    (65588, b"ReIsEr", "ReiserFS"),
    (65600, b"_BHRfS_M", "Btrfs"),
    (1024, b"BD", "HFS (of before 1998)"),
    (32769, b"BEA01", "UDF"),
)


def recognise(head: bytes) -> Foreign | None:
    """What a volume that begins with `head` is, where it is none of those that can be read."""
    for at, magic, words in _LOCKED:
        if head[at : at + len(magic)] == magic:
            return Foreign(f"encrypted by {words}: a key is needed", locked=True)
    if head[32:36] == b"NXSB":
        return _apfs(head)
    for at, magic, words in _KNOWN:
        if head[at : at + len(magic)] == magic:
            return Foreign(words)
    return Foreign("nothing but zeros at its beginning", empty=True) if not any(head) else None


def _apfs(head: bytes) -> Foreign:
    if any(head[_APFS_LOCKER : _APFS_LOCKER + _APFS_LOCKER_BYTES]):
        return Foreign("an encrypted APFS container: a key is needed", locked=True)
    return Foreign("an APFS container")
