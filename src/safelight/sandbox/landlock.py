"""Landlock: the kernel's own way for a process to give up files, TCP ports and signals for good (landlock(7)).

No rule is ever added, so that everything the kernel can handle is denied. Files that are already open stay open.
"""

import ctypes
import os
import struct

_CREATE_RULESET = 444
_RESTRICT_SELF = 446
_VERSION = 1
_FILES_BY_ABI = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many file-system access rights each ABI version knows."""
_TCP = 0b11
_SCOPE = 0b11
_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Return the kernel's Landlock ABI version, 0 where it has none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def restrict() -> bool:
    """Deny this process every file, TCP port, abstract socket and foreign signal; False where the kernel cannot.

    Needs no-new-privileges to be set. Cannot be undone, and holds for every child.
    """
    version = abi()
    if not version:
        return False
    rights = max(count for known, count in _FILES_BY_ABI.items() if known <= version)
    fields = [(1 << rights) - 1]
    if version >= 4:
        fields.append(_TCP)
    if version >= 6:
        fields.append(_SCOPE)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        return bool(_libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)
