"""PDF (ISO 32000), read by PDFium: embedded pictures, pages as pictures where they show more, words, attached files.

A picture that is stored as JPEG or JPEG 2000 comes out byte for byte, so that its digests are those of the file that
somebody put in; any other becomes a PNG of its pixels. The document is handed to PDFium as bytes: to read it piece by
piece would need memory that is both new and executable, which the sandbox refuses.
"""

import contextlib
import ctypes
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO, Final

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, PngImagePlugin

from safelight.evidence.archives.copying import BROKEN, say
from safelight.evidence.archives.messages import DATA_BYTES, Data, End, Entry, Message, Problem, Working
from safelight.evidence.archives.passwords import Passwords

PRELOADED = (PngImagePlugin,)
LISTING: Final = b"(document)"
"""Stands for a document that is encrypted: locked, or opened with a password."""
FAULTS = (*BROKEN, pypdfium2.PdfiumError, ctypes.ArgumentError)
"""What PDFium's wrapper throws on broken documents."""
DOCUMENT_BYTES = 1 << 30
MOST_PAGES = 10_000
MOST_UNREADABLE = 50
MOST_PIXELS = 100_000_000
"""Of one embedded picture that has to be written anew; JPEG and JPEG 2000 are handed out whatever they claim."""
PAGE_SIDE = 1500
"""Pixels of the longer side of a page that is drawn."""
MOST_CHARACTERS = 1 << 20
"""Of the words of a document."""
MOST_OBJECTS = 200_000
_STORED = {"DCTDecode": ".jpg", "DCT": ".jpg", "JPXDecode": ".jp2"}
_FILLS = 0.98
_INVISIBLE = 3
_DEEPEST = 4
"""How deep pictures are looked for in forms within forms."""


def walk(content: BinaryIO, passwords: Passwords) -> Iterator[Message]:
    """Yield the pictures, pages and attached files of a document. One that no password opens is locked."""
    raw = content.read(DOCUMENT_BYTES + 1)
    if len(raw) > DOCUMENT_BYTES:
        yield Problem(f"a document of more than {DOCUMENT_BYTES >> 30} GiB: it was not opened")
        return
    walked = _Walk()
    document = yield from _open(raw, passwords, walked)
    if document is None:
        return
    with document:
        yield from _pages(document, walked)
        if walked.words:
            yield from _whole(walked, "text.txt", "\n\n".join(walked.words).encode(errors="replace"))
        yield from _attachments(document, walked)


@dataclass
class _Walk:
    """How far a walk has come: the next entry's number, digests of pictures that were handed out, words of pages."""

    number: int = 0
    seen: set[bytes] = field(default_factory=set)
    unreadable: int = 0
    words: list[str] = field(default_factory=list)
    characters: int = 0

    def entry(self, name: str, size: int | None = None) -> Entry:
        self.number += 1
        return Entry(self.number - 1, name.encode("utf-8", "surrogatepass"), size, None)


def _open(raw: bytes, passwords: Passwords, walked: _Walk) -> Generator[Message, None, pypdfium2.PdfDocument | None]:
    document, why = _opened(raw, None)
    if why != pdfium.FPDF_ERR_PASSWORD:
        if why == pdfium.FPDF_ERR_SECURITY:
            yield _told(walked, locked=True, reason="encrypted in a way that is not known")
            yield End()
        elif document is None:
            yield Problem("not a readable PDF document: nothing in it was read")
        return document
    for password in passwords:
        yield Working()
        document, why = _opened(raw, _text(password))
        if document is not None:
            passwords.fitted(password)
            break
    said = "opened with a password" if document is not None else passwords.refusal
    yield _told(walked, locked=document is None, reason=said)
    yield End()
    return document


def _told(walked: _Walk, *, locked: bool, reason: str) -> Entry:
    walked.number += 1
    return Entry(0, LISTING, None, None, "special", locked=locked, reason=f"the document is encrypted: {reason}")


def _opened(raw: bytes, password: str | None) -> tuple[pypdfium2.PdfDocument | None, int]:
    """The document, which reads from `raw` as long as it is open, or None and PDFium's code of why not."""
    handle = pdfium.FPDF_LoadMemDocument64(raw, len(raw), None if password is None else password.encode() + b"\0")
    if not handle:
        return None, int(pdfium.FPDF_GetLastError())
    return pypdfium2.PdfDocument(handle), pdfium.FPDF_ERR_SUCCESS


def _text(password: bytes) -> str:
    """PDF takes passwords as UTF-8 or as Latin-1; PDFium tries both."""
    try:
        return password.decode()
    except UnicodeDecodeError:
        return password.decode("latin-1")


def _pages(document: pypdfium2.PdfDocument, walked: _Walk) -> Iterator[Message]:
    count = len(document)
    for number in range(1, min(count, MOST_PAGES) + 1):
        yield Working()
        try:
            page = document[number - 1]
        except FAULTS as error:
            yield from _unreadable(walked, f"page {number}.png", error)
            walked.unreadable += 1
            if walked.unreadable > MOST_UNREADABLE:
                yield Problem(f"more than {MOST_UNREADABLE} pages cannot be read: the rest was not read")
                return
            continue
        try:
            yield from _page(page, number, walked)
        finally:
            page.close()
    if count > MOST_PAGES:
        yield from _unreadable(walked, "(further pages)", ValueError(f"{count} pages, {MOST_PAGES} were read"))


def _page(page: pypdfium2.PdfPage, number: int, walked: _Walk) -> Iterator[Message]:
    try:
        shown = _look(page)
    except FAULTS as error:
        yield from _unreadable(walked, f"page {number}.png", error)
        return
    _read_words(page, walked)
    whole = shown.whole
    for place, image in enumerate(shown.images, 1):
        fine = yield from _image(image, f"page {number}/image {place}", walked)
        whole = whole and fine
    if shown.cut:
        yield from _unreadable(walked, f"page {number}/(further objects)", ValueError(shown.cut))
    if shown.anything and not whole:
        yield from _drawn(page, f"page {number}.png", walked)


def _read_words(page: pypdfium2.PdfPage, walked: _Walk) -> None:
    """Keep what is written on a page, also what a scanner wrote invisibly; without it the page is what it was."""
    left = MOST_CHARACTERS - walked.characters
    if not left:
        return
    with contextlib.suppress(*FAULTS), contextlib.closing(page.get_textpage()) as text:
        words = text.get_text_range(0, min(text.count_chars(), left)).replace("\r\n", "\n").strip()
        walked.characters += len(words)
        if words:
            walked.words.append(words)


@dataclass
class _Shown:
    """What a page shows: its pictures, whether there is anything, and whether one picture is all that there is."""

    images: list[Any] = field(default_factory=list)
    anything: bool = False
    whole: bool = False
    cut: str | None = None


def _look(page: pypdfium2.PdfPage) -> _Shown:
    shown = _Shown()
    others = pdfium.FPDFPage_GetAnnotCount(page) > 0
    for count, one in enumerate(page.get_objects(max_depth=_DEEPEST)):
        if count == MOST_OBJECTS:
            shown.cut = f"more than {MOST_OBJECTS} objects on one page: pictures among the rest were not taken out"
            break
        if one.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            shown.images.append(one)
        elif one.type != pdfium.FPDF_PAGEOBJ_FORM and not _is_hidden_text(one):
            others = True
    shown.anything = others or bool(shown.images)
    shown.whole = not others and len(shown.images) == 1 and _fills(page, shown.images[0])
    return shown


def _is_hidden_text(one: Any) -> bool:
    """Text that is not drawn: what a scanner lays over the picture of a page, to be searched."""
    return bool(one.type == pdfium.FPDF_PAGEOBJ_TEXT and pdfium.FPDFTextObj_GetTextRenderMode(one) == _INVISIBLE)


def _fills(page: pypdfium2.PdfPage, image: Any) -> bool:
    """Whether the picture covers the page, and nothing of it is cut off by much."""
    if image.level:
        return False
    left, bottom, right, top = image.get_bounds()
    at_left, at_bottom, at_right, at_top = page.get_cropbox()
    width, height = at_right - at_left, at_top - at_bottom
    if width <= 0 or height <= 0:
        return False
    across = (min(right, at_right) - max(left, at_left)) / max(width, right - left)
    down = (min(top, at_top) - max(bottom, at_bottom)) / max(height, top - bottom)
    return bool(across >= _FILLS and down >= _FILLS)


def _image(image: Any, name: str, walked: _Walk) -> Generator[Message, None, bool]:
    """Yield a picture unless it came before; returns whether its pixels could be handed out."""
    try:
        filters = image.get_filters()
        stored = bytes(image.get_data())
        size = image.get_px_size()
        mark = sha256(repr((filters, size)).encode() + stored).digest()
        if mark in walked.seen:
            return True
        walked.seen.add(mark)
        ending = _STORED.get(filters[-1]) if filters else None
        if ending is None:
            content, ending = _as_png(image, size), ".png"
        else:
            content = stored if len(filters) == 1 else bytes(image.get_data(decode_simple=True))
    except FAULTS as error:
        yield from _unreadable(walked, f"{name}.png", error)
        return False
    yield from _whole(walked, name + ending, content)
    return True


def _as_png(image: Any, size: tuple[int, int]) -> bytes:
    if size[0] * size[1] > MOST_PIXELS:
        raise ValueError(
            f"the picture claims {size[0]} x {size[1]} pixels, more than {MOST_PIXELS // 1_000_000} million"
        )
    bitmap = image.get_bitmap()
    try:
        return _png(bitmap.to_pil())
    finally:
        bitmap.close()


def _drawn(page: pypdfium2.PdfPage, name: str, walked: _Walk) -> Iterator[Message]:
    yield Working()
    try:
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            raise ValueError(f"the page claims to be {width:g} x {height:g} points")
        bitmap = page.render(scale=PAGE_SIDE / max(width, height), rev_byteorder=True)
        try:
            content = _png(bitmap.to_pil())
        finally:
            bitmap.close()
    except FAULTS as error:
        yield from _unreadable(walked, name, error)
        return
    yield from _whole(walked, name, content)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture = picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGB")
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _attachments(document: pypdfium2.PdfDocument, walked: _Walk) -> Iterator[Message]:
    for place in range(document.count_attachments()):
        name = f"attachment {place + 1}"
        try:
            attached = document.get_attachment(place)
            name = f"attachments/{attached.get_name() or name}"
            content = bytes(attached.get_data())
        except FAULTS as error:
            yield from _unreadable(walked, name, error)
            continue
        yield from _whole(walked, name, content)


def _whole(walked: _Walk, name: str, content: bytes) -> Iterator[Message]:
    yield walked.entry(name, len(content))
    for at in range(0, len(content), DATA_BYTES):
        yield Data(content[at : at + DATA_BYTES])
    yield End()


def _unreadable(walked: _Walk, name: str, error: Exception) -> Iterator[Message]:
    yield walked.entry(name)
    yield End(f"cannot be read: {say(error)}")
