"""Where the system may write memory to a disk: what is opened here must not lie there in clear."""

from pathlib import Path

_SYSTEM = Path("/")


def clear_swap(root: Path = _SYSTEM) -> list[str] | None:
    """Names of the swap areas that are not seen to be encrypted, None where it cannot be told.

    Encrypted is a device of dm-crypt, or one that stands on nothing else (LVM on LUKS). Compressed memory (zram) with
    no disk behind it is none. Of a swap file it is not told what it stands on: it is named. Linux only.
    """
    try:
        lines = (root / "proc/swaps").read_text(encoding="utf-8", errors="replace").splitlines()[1:]
    except OSError:
        return None
    areas = [line.split()[0].replace("\\040", " ") for line in lines if line.split()]
    return [area for area in areas if not _is_safe(root, Path(area).resolve().name)]


def _is_safe(root: Path, name: str) -> bool:
    device = root / "sys/class/block" / name
    if name.startswith("zram"):
        return _said(device / "backing_dev") in ("none", "")
    if _said(device / "dm/uuid").startswith("CRYPT-"):
        return True
    try:
        under = sorted(one.name for one in (device / "slaves").iterdir())
    except OSError:
        return False
    return bool(under) and all(_is_safe(root, one) for one in under)


def _said(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
