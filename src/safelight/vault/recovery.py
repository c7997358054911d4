"""The recovery kit: a root key as n-of-m shares on paper (SLIP-0039), of which any n give it back.

Rules kept here:
- fewer than the needed shares tell nothing about the key; at least two are needed, so that no one person has it;
- words that were mistyped are noticed by each share's own checksum, a share of another kit by the kit's number, and a
  key that is put together wrongly by its digest: a wrong key is never handed out;
- an error names a share by its place in what was typed in, and never repeats its words;
- a sheet says what it is for and what not to do, since it is read in years, by whoever opens the envelope.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics

from safelight.errors import InputError, UsageError
from safelight.vault.keys import KEY_BYTES, RootKey

MAX_SHARES = 16
_WIDTH = 72
_ROW = re.compile(r"(?:\s*\d+\s+[a-z]+)+\s*")
_WORD = re.compile(r"[a-z]+")


class BadShareError(InputError):
    """A share is wrong, or does not belong to the others."""


class TooFewSharesError(UsageError):
    """There are fewer shares than the kit needs."""


@dataclass(frozen=True)
class Sheet:
    """One share of a kit as it goes onto paper."""

    node: str
    fingerprint: str
    number: int
    total: int
    needed: int
    made_on: date
    words: str = field(repr=False)

    def text(self) -> str:
        """The sheet to print, in lines of 72 characters."""
        words = self.words.split()
        rows = [words[place : place + 4] for place in range(0, len(words), 4)]
        numbered = [
            "".join(f"{4 * row + column + 1:>4} {word:<13}" for column, word in enumerate(part)).rstrip()
            for row, part in enumerate(rows)
        ]
        paragraphs = [
            f"SAFELIGHT RECOVERY KIT, share {self.number} of {self.total}",
            f"Node: {self.node}\nKey:  {self.fingerprint}\nMade: {self.made_on.isoformat()}",
            _filled(
                f"Any {self.needed} of the {self.total} shares of this kit give back the key that opens everything "
                "this node has sealed, for when its passphrase or key file is lost. Fewer open nothing. The shares of "
                "another kit do not fit, not even of one made for the same node."
            ),
            "\n".join(numbered),
            _filled(
                "Keep this sheet locked away, apart from the other shares and from the node. Do not photograph it, "
                "scan it, type it into anything but the restoring of this node, or read it out to anyone. If it is "
                "lost or was seen by others, tell the node's administrator."
            ),
        ]
        return "\n\n".join(paragraphs) + "\n"


def make_kit(root: RootKey, *, node: str, needed: int, total: int, made_on: date) -> list[Sheet]:
    """Split a root key into `total` sheets, of which any `needed` give it back; each kit is a new one.

    Raises:
        UsageError: the numbers cannot be (2 ≤ needed ≤ total ≤ 16), or the node's name cannot be printed.
    """
    if not 2 <= needed <= total <= MAX_SHARES:
        raise UsageError(
            f"A kit of {needed} out of {total} shares cannot be: 2 are needed at least, and {MAX_SHARES} made at most."
        )
    if not node.isprintable():
        raise UsageError(f"The name {node!r} cannot be printed on a sheet; take one of plain characters.")
    (shares,) = generate_mnemonics(1, [(needed, total)], root.secret)
    return [
        Sheet(node, root.fingerprint(), number, total, needed, made_on, words)
        for number, words in enumerate(shares, start=1)
    ]


def words_of(text: str) -> str:
    """The words of a share, out of the text of its whole sheet, or where nothing but the words was typed."""
    rows = [line for line in text.splitlines() if _ROW.fullmatch(line)]
    return " ".join(_WORD.findall(" ".join(rows))) if rows else " ".join(text.split())


def restore_root(shares: Sequence[str]) -> RootKey:
    """The root key from the words of as many shares as the kit needs, in any order; further ones are not used.

    Compare its fingerprint with the one on the sheets.

    Raises:
        BadShareError: a share is mistyped, given twice, or of another kit, or they do not give a key together.
        TooFewSharesError: more shares are needed.
    """
    read = [_read_share(words, place) for place, words in enumerate(shares, start=1)]
    if not read:
        raise TooFewSharesError("No share was given: give the words of as many sheets as the kit needs.")
    first = read[0]
    seen: dict[int, int] = {}
    for place, share in enumerate(read, start=1):
        if share.group_parameters() != first.group_parameters():
            raise BadShareError(f"Share {place} of those given is of another kit than the first: use one kit's sheets.")
        if share.index in seen:
            raise BadShareError(f"Share {place} of those given is the same sheet as share {seen[share.index]}.")
        seen[share.index] = place
    if len(read) < first.member_threshold:
        raise TooFewSharesError(
            f"The kit needs {first.member_threshold} shares and {len(read)} were given: give more of its sheets."
        )
    try:
        return RootKey(combine_mnemonics([share.mnemonic() for share in read[: first.member_threshold]]))
    except MnemonicError:
        raise BadShareError("These shares do not give a key together: one of them is not of this kit.") from None


def _read_share(words: str, place: int) -> Share:
    try:
        share: Share = Share.from_mnemonic(words)
    except MnemonicError:
        raise BadShareError(
            f"Share {place} of those given is not as it was printed: compare it with its sheet, word by word."
        ) from None
    if (share.group_count, len(share.value)) != (1, KEY_BYTES):
        raise BadShareError(f"Share {place} of those given is valid, but not of a Safelight recovery kit.")
    return share


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH)
