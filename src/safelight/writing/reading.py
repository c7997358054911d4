"""A text into what is kept of it: safe to store and to show, bounded, with a plain note of what was left out."""

from collections.abc import Iterable

from safelight.media.text import clean
from safelight.writing.addresses import named_in
from safelight.writing.characters import characters_of
from safelight.writing.forms import Read, read_form
from safelight.writing.types import KEPT_BYTES, MOST_NAMED, READ_BYTES, Named, Written


def read_writing(raw: bytes, *, cut: bool = False, charset: str = "") -> Written:
    """Read a text of up to `READ_BYTES`; `cut` says that its file is longer than what is given here.

    `charset` is what the mail that it came with says of it.
    """
    cut = cut or len(raw) > READ_BYTES
    read = read_form(characters_of(raw[:READ_BYTES], cut=cut, charset=charset))
    left = [f"only the first {READ_BYTES >> 20} MiB were read"] if cut else []
    if read.problem and not cut:  # where it was cut, that it breaks off says nothing of the file
        left.append(read.problem)
    return kept_of(read, left)


def read_fields(fields: Iterable[tuple[str, str]]) -> Written:
    """What the fields of a mail say, each on a line of its own, by name."""
    text = "".join(f"{name}: {' '.join(value.split())}\n" for name, value in fields)
    return kept_of(Read("mail", text, []), [])


def kept_of(read: Read, left: list[str]) -> Written:
    """What is kept of a text that was read by its form."""
    named, more = named_in(read.text, read.told)
    text = read.text.strip()
    kept = within(clean(text[:KEPT_BYTES], KEPT_BYTES), KEPT_BYTES)
    notes = [*left]
    if len(kept) < len(text):
        notes.append(f"of {len(text)} characters the first {len(kept)} are kept")
    if more:
        notes.append(f"names more than are kept ({MOST_NAMED} at the most)")
    shown = [Named(one.what, clean(one.value), one.at) for one in named]
    return Written(read.form, kept, shown, [clean(" ".join(note.split()), 300) for note in notes])


def within(text: str, size: int) -> str:
    """As much of a text as has at most `size` bytes in UTF-8."""
    return text if len(text) * 4 <= size else text[:size].encode()[:size].decode(errors="ignore")
