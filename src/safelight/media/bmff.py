"""ISO base media files (ISO 14496-12), told apart by their brands: HEIF, AVIF, film or sound."""

from safelight.media.types import Kind

_HEIF = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1", b"miaf"}
    | {b"avci", b"avcs", b"vvic", b"vvis", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"MiHE", b"MiHB"}
)
_AVIF = frozenset({b"avif", b"avis"})
_SOUND = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"aax ", b"caqv"})
_RAW = frozenset({b"crx "})
_GENERIC_HEIF = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip"})
_MAX_BRANDS = 64


def kind_of_bmff(head: bytes) -> Kind | None:
    """Return the kind of an ISO media or QuickTime file, None for anything else."""
    box, size = head[4:8], int.from_bytes(head[:4], "big")
    if box in _QUICKTIME:  # QuickTime of before 2001 begins with any of its atoms
        return Kind.VIDEO if size in (0, 1) or size >= 8 else None
    if box != b"ftyp":
        return None
    major = head[8:12]
    listed = head[16 : min(size, 16 + 4 * _MAX_BRANDS)]
    compatible = {listed[at : at + 4] for at in range(0, len(listed) - 3, 4)}
    if major in _AVIF or (major in _GENERIC_HEIF and compatible & _AVIF):
        return Kind.AVIF
    if major in _HEIF:
        return Kind.HEIF
    if major in _RAW:
        return Kind.CAMERA_RAW
    return Kind.SOUND if major in _SOUND else Kind.VIDEO
