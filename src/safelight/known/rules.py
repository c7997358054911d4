"""Pure rules of the known base: what a source may be, what a row must hold, what makes two rows the same.

Rules kept here:
- demonstration lists never reach a real base, and a demonstration folder takes nothing else: no harmless picture may
  leave through us as a grade, and no real grade may end in a folder that people show around;
- a grade is scheme and value; a list that grades without a scheme is refused, and no scheme replaces another;
- two rows are the same statement when everything but their line and their running number is the same;
- two rows are about the same content when their MD5 agrees (every list has one; else SHA-1, SHA-256, PDQ).
"""

import hashlib
import re
from enum import StrEnum

import msgspec

from safelight.errors import UsageError
from safelight.known.rows import KnownRow

DEMO_SCHEME = "DEMO"
DEMO_PREFIX = "demo-not-for-use"
BENIGN = "8"
"""The one grade that a published list of known good gives (NSRL in VICS form): harmless."""
GRADE_BYTES = 255
"""What a grade may have at the most, as a signed row holds it."""
_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_NAME = re.compile(r"[\w][\w .()+-]{0,99}\Z")


class Role(StrEnum):
    """What a source's entries are: known material, or files known to be harmless."""

    KNOWN = "known"
    KNOWN_GOOD = "known-good"


class Trust(StrEnum):
    """Who stands behind a source, strongest first; closed vocabulary.

    `own`: graded by this unit. `national`: this country's own system. `partner`: an agency or body this unit has an
    agreement with. `public`: published by a named body, checked by nobody here (NSRL). `unverified`: anything else.
    """

    OWN = "own"
    NATIONAL = "national"
    PARTNER = "partner"
    PUBLIC = "public"
    UNVERIFIED = "unverified"

    @property
    def sets_grade(self) -> bool:
        """Whether a cryptographic match with such a source may set a grade by itself."""
        return self in {Trust.OWN, Trust.NATIONAL, Trust.PARTNER}


class HashState(StrEnum):
    """What became of an entry's perceptual hash: none given, matched, or kept and never matched, and why."""

    NONE = "none"
    MATCHED = "matched"
    FLAT = "flat"
    PLACEHOLDER = "placeholder"
    TRIPWIRE = "tripwire"


def check_name(name: str) -> str:
    """The name of a source, checked.

    Raises:
        UsageError: it is empty, longer than 100 characters, or holds more than letters, digits and `. _ - + ( )`.
    """
    if not _NAME.match(name):
        raise UsageError(
            f"{name[:100]!r} cannot name a source: begin with a letter or digit, use letters, digits, spaces and "
            ". _ - + ( ) only, 100 at most; give another with --name"
        )
    return name


def is_demo_name(name: str) -> bool:
    """Whether a source, tag or agency of this name declares itself a demonstration."""
    # Case folding never shortens a text: what it begins with is told by as many characters.
    return name[: len(DEMO_PREFIX)].casefold().startswith(DEMO_PREFIX)


def check_demo(*, demo_folder: bool, name: str, scheme: str | None, role: Role) -> None:
    """Keep demonstration and real lists apart.

    Raises:
        UsageError: a demonstration list in a real data folder, or a real list in a demonstration folder.
    """
    demo_list = is_demo_name(name) or scheme == DEMO_SCHEME
    if demo_list and not demo_folder:
        raise UsageError(
            f"{name!r} is a demonstration list (scheme {DEMO_SCHEME} or name {DEMO_PREFIX}…): it is taken in a "
            "demonstration data folder only"
        )
    graded_right = scheme == DEMO_SCHEME or (role is Role.KNOWN_GOOD and scheme is None)
    if demo_folder and not (is_demo_name(name) and graded_right):
        raise UsageError(
            f"{name!r} is no demonstration list: this data folder is a demonstration and takes only lists named "
            f"{DEMO_PREFIX}… with scheme {DEMO_SCHEME}; use another data folder for real lists"
        )


def speaks_demo(row: KnownRow) -> bool:
    """Whether a row declares itself a demonstration, whatever the list was renamed to."""
    words = (row.agency, row.series, row.comment, *row.tags)
    return any(word is not None and is_demo_name(word) for word in words)


def choose_scheme(*, asked: str | None, said: str | None, before: str | None, name: str) -> str | None:
    """The one scheme of a source from what the command asks, the file says, and the source had before.

    Raises:
        UsageError: two of them differ: a grade is never translated.
    """
    given = {scheme for scheme in (asked, said, before) if scheme is not None}
    if len(given) > 1:
        raise UsageError(
            f"source {name!r} cannot have two schemes ({', '.join(sorted(given))}): a grade is never translated; "
            "import the list under another --name"
        )
    if given:
        return given.pop()
    return DEMO_SCHEME if is_demo_name(name) else None


def row_problem(row: KnownRow) -> str | None:
    """What is wrong with a row that came out of the sandbox; None where nothing is.

    The reader has checked the same; it ran on foreign bytes, so it is not believed.
    """
    if (wrong := _wrong_length(row)) is not None:
        return wrong
    if row.size is not None and not 0 <= row.size < 2**63:
        return "size is outside what a file can have"
    if row.quality is not None and not 0 <= row.quality <= 100:
        return "quality is outside 0 to 100"
    if row.left_out and any(left.field not in row.__struct_fields__ for left in row.left_out):
        return "a value of it was left out, of a field that there is not"
    if not (row.md5 or row.sha1 or row.sha256 or row.pdq or row.path):
        return "no digest, hash or path in it"
    return None


def _wrong_length(row: KnownRow) -> str | None:
    md5, sha1, sha256, pdq = row.md5, row.sha1, row.sha256, row.pdq
    if md5 is not None and len(md5) != 16:
        return f"MD5 has {len(md5)} bytes instead of 16"
    if sha1 is not None and len(sha1) != 20:
        return f"SHA-1 has {len(sha1)} bytes instead of 20"
    if sha256 is not None and len(sha256) != 32:
        return f"SHA-256 has {len(sha256)} bytes instead of 32"
    if pdq is not None and len(pdq) != 32:
        return f"PDQ has {len(pdq)} bytes instead of 32"
    if row.category is not None and len(row.category.encode("utf-8", "replace")) > GRADE_BYTES:
        return f"the grade is longer than {GRADE_BYTES} bytes"
    return None


def fingerprint(row: KnownRow) -> bytes:
    """16 bytes that are equal for equal statements: everything but the line and the source's running number."""
    plain = msgspec.structs.replace(row, line=0, external_id=None, path=None, left_out=[])
    return hashlib.blake2b(_encode(plain), digest_size=16).digest()


def content_key(row: KnownRow) -> bytes:
    """Which content a row is about: one letter for the kind of digest, then the digest."""
    for letter, value in ((b"m", row.md5), (b"1", row.sha1), (b"2", row.sha256), (b"p", row.pdq)):
        if value is not None:
            return letter + value
    raise ValueError("a row without any digest has no content key")
