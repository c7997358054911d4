"""Trust policies: which logs are known, and which witnesses must have seen a checkpoint (c2sp.org/tlog-policy).

Rules kept here:
- a policy that breaks one rule of the format is refused whole, with the number of the line;
- names are bytes and compared as bytes, nothing is normalised;
- a log is believed about its own origin only;
- each witness counts once, in one place.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from safelight.errors import InputError
from safelight.log.checkpoints import Checkpoint
from safelight.log.cosignatures import CHECKPOINT_CHECKS, COSIGNATURE_CHECKS, times
from safelight.log.notes import BadKeyError, Note, UnsignedError, VerifierKey, verify

_NONE = b"none"
_FOREIGN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_SPACE = re.compile(rb"[ \t]+")
_COUNT = re.compile(rb"[1-9][0-9]{0,8}")


class BadPolicyError(InputError):
    """The policy is malformed."""


class PolicyNotMetError(InputError):
    """Too few of those whom the policy names have signed."""


@dataclass(frozen=True)
class Party:
    """A log or a witness: its key, and where it is reached, as the policy has it."""

    key: VerifierKey
    url: bytes | None


@dataclass(frozen=True)
class Group:
    """So many of these witnesses and groups, which stand before it in the policy."""

    needed: int
    members: tuple[bytes, ...]


@dataclass(frozen=True)
class Endorsed:
    """A checkpoint that a policy accepts: the keys of its log that signed, and the witnesses by name, with their times.

    Times are in seconds since the Epoch.
    """

    checkpoint: Checkpoint
    logs: frozenset[VerifierKey]
    witnesses: Mapping[bytes, int]


@dataclass(frozen=True)
class Policy:
    """Known logs, known witnesses, groups of them, and the name that must have witnessed (None: nobody has to)."""

    logs: tuple[Party, ...]
    witnesses: Mapping[bytes, Party]
    groups: Mapping[bytes, Group]
    quorum: bytes | None

    @classmethod
    def parse(cls, untrusted_bytes: bytes) -> Self:
        """The policy in a file.

        Raises:
            BadPolicyError: it breaks a rule of the format.
        """
        *lines, rest = untrusted_bytes.split(b"\n")
        draft = _Draft()
        for number, line in enumerate(lines, 1):
            try:
                draft.read(line)
            except (BadPolicyError, BadKeyError) as error:
                raise BadPolicyError(f"Line {number} of the policy: {error.message}") from error
        if rest:
            raise BadPolicyError(f"Line {len(lines) + 1} of the policy does not end: the file may have been cut short.")
        if not draft.has_quorum:
            raise BadPolicyError(
                "The policy has no line that begins with quorum; where nobody has to cosign: quorum none."
            )
        return cls(tuple(draft.logs), draft.witnesses, draft.groups, draft.quorum)

    def check(self, note: Note, logs: Iterable[VerifierKey] = ()) -> Endorsed:
        """Check a checkpoint; `logs` are known from elsewhere, besides those that the policy lists.

        Raises:
            BadSignatureError: a line claims to be by a known key and is not.
            PolicyNotMetError: no known log of its origin signed it, or not the witnesses that the quorum asks for.
            BadCheckpointError: the note is no checkpoint.
            ValueError: a key in `logs` shares name and identifier with another one.
        """
        checkpoint = Checkpoint.parse(note.text)
        log_keys = {party.key for party in self.logs} | set(logs)
        witness_keys = {party.key for party in self.witnesses.values()}
        try:
            signed = verify(note, log_keys | witness_keys, CHECKPOINT_CHECKS)
        except UnsignedError:
            signed = frozenset()
        of_origin = frozenset(key for key in signed & log_keys if key.name == checkpoint.origin)
        if not of_origin:
            raise PolicyNotMetError(
                f"No log that the policy knows by the name {checkpoint.origin!r} signed the checkpoint."
            )
        seen = times(note, signed & witness_keys)
        witnessed = {name: seen[party.key] for name, party in self.witnesses.items() if party.key in seen}
        self._check_quorum(witnessed)
        return Endorsed(checkpoint, of_origin, witnessed)

    def _check_quorum(self, witnessed: Iterable[bytes]) -> None:
        reached = set(witnessed)
        for name, group in self.groups.items():
            if len(reached.intersection(group.members)) >= group.needed:
                reached.add(name)
        if self.quorum is None or self.quorum in reached:
            return
        if self.quorum in self.witnesses:
            raise PolicyNotMetError(f"The checkpoint lacks the cosignature of {_shown(self.quorum)}.")
        lacking = "; ".join(self._lacking(self.quorum, reached))
        raise PolicyNotMetError(f"The checkpoint lacks cosignatures for the quorum {_shown(self.quorum)}: {lacking}.")

    def _lacking(self, quorum: bytes, reached: set[bytes]) -> Iterable[str]:
        """Each group that is not reached, from the quorum downwards."""
        asked = [quorum]
        for name in asked:
            group = self.groups[name]
            missing = [member for member in group.members if member not in reached]
            count = len(group.members) - len(missing)
            yield f"{_shown(name)} has {count} of {group.needed}, without {', '.join(map(_shown, missing))}"
            asked.extend(member for member in missing if member in self.groups)


@dataclass
class _Draft:
    """What was read so far."""

    logs: list[Party] = field(default_factory=list)
    witnesses: dict[bytes, Party] = field(default_factory=dict)
    groups: dict[bytes, Group] = field(default_factory=dict)
    members: set[bytes] = field(default_factory=set)
    quorum: bytes | None = None
    has_quorum: bool = False

    def read(self, line: bytes) -> None:
        if _FOREIGN.search(line):
            raise BadPolicyError("a control character other than tab is in it.")
        word, *items = _SPACE.split(line.strip(b" \t"))
        if not word or word.startswith(b"#"):
            return
        readers = {
            b"log": self._read_log,
            b"witness": self._read_witness,
            b"group": self._read_group,
            b"quorum": self._read_quorum,
        }
        if word not in readers:
            raise BadPolicyError(f"{_shown(word)} is none of log, witness, group, quorum.")
        readers[word](items)

    def _read_log(self, items: Sequence[bytes]) -> None:
        if not 1 <= len(items) <= 2:
            raise BadPolicyError("it should read: log <key> [<url>].")
        self.logs.append(self._party(items, self.logs))

    def _read_witness(self, items: Sequence[bytes]) -> None:
        if not 2 <= len(items) <= 3:
            raise BadPolicyError("it should read: witness <name> <key> [<url>].")
        name = self._new_name(items[0])
        party = self._party(items[1:], self.witnesses.values())
        if party.key.type not in COSIGNATURE_CHECKS:
            raise BadPolicyError(f"the key of {_shown(name)} is of type {party.key.type:#04x}, which no witness has.")
        self.witnesses[name] = party

    def _read_group(self, items: Sequence[bytes]) -> None:
        if len(items) < 3:
            raise BadPolicyError("it should read: group <name> all|any|<number> <member> ….")
        name, rule, *members = items
        self._new_name(name)
        for member in members:
            self._known(member)
            if member in self.members:
                raise BadPolicyError(f"{_shown(member)} is a member already: each counts in one place.")
            self.members.add(member)
        if rule not in {b"all", b"any"} and not _COUNT.fullmatch(rule):
            raise BadPolicyError(f"{_shown(rule)} is none of all, any or a number.")
        needed = {b"all": len(members), b"any": 1}.get(rule) or int(rule)
        if needed > len(members):
            raise BadPolicyError(f"{needed} of {len(members)} members can never have witnessed.")
        self.groups[name] = Group(needed, tuple(members))

    def _read_quorum(self, items: Sequence[bytes]) -> None:
        if len(items) != 1:
            raise BadPolicyError("it should read: quorum <name>.")
        if self.has_quorum:
            raise BadPolicyError("there is a quorum already.")
        self.has_quorum = True
        self.quorum = None if items[0] == _NONE else self._known(items[0])

    def _party(self, items: Sequence[bytes], others: Iterable[Party]) -> Party:
        """A key and where it is reached; no other party of its kind may have the same key."""
        try:
            key = VerifierKey.parse(items[0].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise BadPolicyError(f"the key {_shown(items[0])} is not UTF-8.") from error
        if any(other.key.public == key.public for other in others):
            raise BadPolicyError(f"the key of {key.name!r} is there already.")
        for other in (*self.logs, *self.witnesses.values()):
            if other.key != key and (other.key.name, other.key.id) == (key.name, key.id):
                raise BadPolicyError(f"the key of {key.name!r} cannot be told from another one of that name.")
        return Party(key, items[1] if len(items) > 1 else None)

    def _new_name(self, name: bytes) -> bytes:
        if name == _NONE or name in self.witnesses or name in self.groups:
            raise BadPolicyError(f"the name {_shown(name)} is taken.")
        return name

    def _known(self, name: bytes) -> bytes:
        if name not in self.witnesses and name not in self.groups:
            raise BadPolicyError(f"no witness or group named {_shown(name)} is on a line before it.")
        return name


def _shown(name: bytes) -> str:
    return name[:100].decode("utf-8", "backslashreplace")
