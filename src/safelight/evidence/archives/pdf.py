"""PDF (ISO 32000), read by PDFium: embedded pictures, pages as pictures where they show more, words, attached files.

A picture that is stored as JPEG or JPEG 2000 comes out byte for byte, so that its digests are those of the file that
somebody put in; any other becomes a PNG of its pixels. The document is handed to PDFium as bytes: to read it piece by
piece would need memory that is both new and executable, which the sandbox refuses.
"""

import ctypes
import io
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
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
_PART = 1 << 20
"""Numbers of entries that each part of a document has."""
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


def walk(content: BinaryIO, passwords: Passwords, skip: int = 0) -> Iterator[Message]:
    """Yield the words, pictures, pages and attached files of a document. One that no password opens is locked.

    Entries below `skip` are left out; what crashed the walker before it is named instead.
    """
    if content.seek(0, io.SEEK_END) > DOCUMENT_BYTES:
        yield Problem(f"a document of more than {DOCUMENT_BYTES >> 30} GiB: it was not opened")
        return
    content.seek(0)
    raw = content.read()
    walked = _Walk(skip)
    document = yield from _open(raw, passwords, walked)
    if document is None:
        return
    with document:
        yield from walked.parts(_parts(document, walked))


Part = tuple[str, Callable[[], Iterator[Message]]]
"""A part of a document: the name that stands for it where it cannot be read, and how it is."""


def _parts(document: pypdfium2.PdfDocument, walked: "_Walk") -> Iterator[Part]:
    """What lies beside the pages comes first: it is read however the pages end."""
    yield "text.txt", partial(_words, document, walked)
    for place in range(document.count_attachments()):
        yield f"attachment {place + 1}", partial(_attachment, document, place, walked)
    count = len(document)
    if count > MOST_PAGES:
        yield "(further pages)", partial(_further, count)
    for place in range(min(count, MOST_PAGES)):
        yield f"page {place + 1}.png", partial(_page, document, place, walked)


@dataclass
class _Walk:
    """How far a walk has come: the next entry's number, and digests of pictures that were handed out.

    Each part has numbers of its own, so that a walker that goes on behind `skip` knows which one crashed the last.
    """

    skip: int = 0
    number: int = 0
    seen: set[bytes] = field(default_factory=set)

    def parts(self, parts: Iterable[Part]) -> Iterator[Message]:
        """Yield what the parts hold that was not told before; where one cannot be read, its name stands for it."""
        unreadable = 0
        for place, (name, read) in enumerate(parts, 1):
            first = place * _PART
            if first + _PART <= self.skip:
                continue
            self.number = max(first + 1, self.skip)
            yield Working(first)
            try:
                if first < self.skip:
                    raise ValueError("its reader crashed over it, or took too long")
                yield from read()
            except FAULTS as error:
                yield from _unreadable(self, name, error)
                unreadable += 1
            if unreadable > MOST_UNREADABLE:
                yield Problem(f"more than {MOST_UNREADABLE} parts cannot be read: the rest was not read")
                return

    def entry(self, name: str, size: int | None = None) -> Entry:
        self.number += 1
        return Entry(self.number - 1, name.encode("utf-8", "surrogatepass"), size, None)


def _open(raw: bytes, passwords: Passwords, walked: _Walk) -> Generator[Message, None, pypdfium2.PdfDocument | None]:
    document, why = _opened(raw, None)
    if why != pdfium.FPDF_ERR_PASSWORD:
        if why == pdfium.FPDF_ERR_SECURITY:
            yield from _told(locked=True, reason="encrypted in a way that is not known")
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
    if not walked.skip:
        yield from _told(locked=document is None, reason=said)
    return document


def _told(*, locked: bool, reason: str) -> Iterator[Message]:
    yield Entry(0, LISTING, None, None, "special", locked=locked, reason=f"the document is encrypted: {reason}")
    yield End()


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


def _words(document: pypdfium2.PdfDocument, walked: _Walk) -> Iterator[Message]:
    """What is written on the pages, also what a scanner wrote invisibly."""
    words: list[str] = []
    left = MOST_CHARACTERS
    for place in range(min(len(document), MOST_PAGES)):
        yield Working(walked.number)
        with suppress(*FAULTS), closing(document[place]) as page, closing(page.get_textpage()) as text:
            found = text.get_text_range(0, min(text.count_chars(), left)).replace("\r\n", "\n").strip()
            words += [found] * bool(found)
            left -= len(found)
        if not left:
            break
    if words:
        yield from _whole(walked, "text.txt", "\n\n".join(words).encode(errors="replace"))


def _further(count: int) -> Iterator[Message]:
    raise ValueError(f"{count} pages, {MOST_PAGES} were read")


def _page(document: pypdfium2.PdfDocument, place: int, walked: _Walk) -> Iterator[Message]:
    with closing(document[place]) as page:
        shown = _look(page)
        whole = shown.whole
        for number, image in enumerate(shown.images, 1):
            fine = yield from _image(image, f"page {place + 1}/image {number}", walked)
            whole = whole and fine
        if shown.cut:
            yield from _unreadable(walked, f"page {place + 1}/(further objects)", ValueError(shown.cut))
        if shown.anything and not whole:
            yield Working(walked.number)
            yield from _whole(walked, f"page {place + 1}.png", _drawn(page))


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
    with closing(image.get_bitmap()) as bitmap:
        return _png(bitmap.to_pil())


def _drawn(page: pypdfium2.PdfPage) -> bytes:
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise ValueError(f"the page claims to be {width:g} x {height:g} points")
    with closing(page.render(scale=PAGE_SIDE / max(width, height), rev_byteorder=True)) as bitmap:
        return _png(bitmap.to_pil())


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture = picture if picture.mode in ("L", "RGB", "RGBA") else picture.convert("RGB")
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _attachment(document: pypdfium2.PdfDocument, place: int, walked: _Walk) -> Iterator[Message]:
    attached = document.get_attachment(place)
    name = f"attachments/{attached.get_name() or place + 1}"
    try:
        content = bytes(attached.get_data())
    except FAULTS as error:
        yield from _unreadable(walked, name, error)
        return
    yield from _whole(walked, name, content)


def _whole(walked: _Walk, name: str, content: bytes) -> Iterator[Message]:
    yield walked.entry(name, len(content))
    for at in range(0, len(content), DATA_BYTES):
        yield Data(content[at : at + DATA_BYTES])
    yield End()


def _unreadable(walked: _Walk, name: str, error: Exception) -> Iterator[Message]:
    yield walked.entry(name)
    yield End(f"cannot be read: {say(error)}")
