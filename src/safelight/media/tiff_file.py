"""TIFF files: pages, and the metadata that lies in the tags of the first."""

from safelight.media.container import Found
from safelight.media.text import Problems
from safelight.media.tiff import Directory, NotTiffError, TiffBlock

_XMP, _IPTC, _PHOTOSHOP, _ICC = 0x02BC, 0x83BB, 0x8649, 0x8773
_MAX_BLOCK = 8 << 20


def read_tiff(view: memoryview, max_pages: int) -> tuple[Found, int]:
    """Read a TIFF file's tags. Returns what they say, and its pages, counted up to one more than `max_pages`."""
    found = Found(exif=view, exif_is_file=True)
    try:
        tiff = TiffBlock(view)
    except NotTiffError:
        return found, 1
    pages = 0
    for page in tiff.chain(Problems(), max_pages + 1):
        if not pages:
            _read_first(page, found)
        pages += 1
    return found, max(pages, 1)


def _read_first(page: Directory, found: Found) -> None:
    found.xmp = _block(page, _XMP)
    found.iptc = _block(page, _IPTC)
    found.photoshop = _block(page, _PHOTOSHOP)
    found.icc = _block(page, _ICC)


def _block(page: Directory, tag: int) -> bytes:
    entry = page.entries.get(tag)
    return bytes(entry.data[:_MAX_BLOCK]) if entry else b""
