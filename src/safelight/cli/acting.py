"""Who types a command: the node unlocked, its log published beside the work, and the officer who acts."""

import getpass
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from safelight.cli.secret import asked_secret, typed_root
from safelight.errors import UsageError
from safelight.platform.settings import Settings
from safelight.vault.keys import RootKey
from safelight.vault.protection import Passphrase
from safelight.vault.recovery import restore_root, words_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from safelight.access.node import Node
    from safelight.access.permissions import Permission
    from safelight.access.rules import Officer

_Function = TypeVar("_Function", bound=Callable[..., Any])
KEY_PATH = click.Path(path_type=Path, dir_okay=False)
NUMBER = click.IntRange(1, 2**53 - 1)
"""The number of a case, a request, a review: one that the log can say."""


@dataclass(frozen=True)
class Session:
    """What a command of an officer works with; `now` is when it began."""

    node: "Node"
    officer: "Officer"
    now: datetime

    @property
    def by(self) -> str:
        """Under which name records of custody and log know who acts: the pseudonym, or the OS user's before any."""
        return self.officer.pseudonym if self.officer.row is not None else os_user()

    def require(self, permission: "Permission", *, case: int | None = None) -> None:
        """Go on only if the officer may; as `access.authorising.require`."""
        from safelight.access.authorising import require

        require(self.officer, permission, case=case, sealer=self.node.log_sealer, now=self.now)


def by_officer(command: _Function) -> _Function:
    """Let a command take the officer who acts."""
    said = "Who acts, by pseudonym (or SAFELIGHT_OFFICER); else whoever is bound to the OS user."
    return click.option("--officer", "named", envvar="SAFELIGHT_OFFICER", help=said)(command)


@contextmanager
def opened_node(settings: Settings) -> Iterator[tuple["Node", datetime]]:
    """Open the node as long as the block lasts, its log published beside; with the time at which that was.

    Nobody is asked for a passphrase where no node was made.

    Raises:
        NoKeysError: there is no node.
        UnpublishedWorkError: the work was done, and the log could not be published at the end.
        UsageError, CannotRunError: node or database cannot be opened.
    """
    from safelight.access.layout import keys_path
    from safelight.platform.clock import now
    from safelight.platform.database import open_database
    from safelight.platform.walls import NOBODY_ENROLLED, acting
    from safelight.vault.nodekeys import describe_keys

    describe_keys(keys_path(settings))
    secret = asked_secret(settings)
    with open_database(settings), acting(NOBODY_ENROLLED):
        from safelight.access.node import open_node
        from safelight.log.sequencer import publishing

        node = open_node(settings, secret)
        with publishing(node.log_store, node.signer):
            yield node, now()


@contextmanager
def session(settings: Settings, named: str | None) -> Iterator[Session]:
    """Open the node for an officer, as long as the block lasts.

    Raises:
        RefusedError: nobody acts here under that name.
        UsageError, CannotRunError: as `opened_node`.
    """
    with opened_node(settings) as (node, began):
        from safelight.access.authorising import acting_officer
        from safelight.platform.walls import acting

        officer = acting_officer(os_user(), named, sealer=node.log_sealer, now=began)
        with acting(officer.pseudonym):
            yield Session(node, officer, began)


def os_user() -> str:
    """The OS user who types; the number of one that has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def new_passphrase(whose: str) -> Passphrase:
    """A passphrase for a key that is about to be made, typed twice.

    Raises:
        UsageError: there is no terminal to type at.
    """
    return Passphrase(_typed(f"Passphrase for the key of {whose} (15 characters or more)", confirm=True))


def opened_key(path: Path, settings: Settings) -> "Ed25519PrivateKey":
    """An officer's own key, for which the passphrase is typed.

    Raises:
        UsageError, InputError: as `access.officer_keys`; or there is no terminal to type at.
    """
    from safelight.access.officer_keys import open_officer_key

    return open_officer_key(path, settings.data, Passphrase(_typed(f"Passphrase of the key {path.name}")))


def kit_root(shares: tuple[IO[str], ...]) -> RootKey:
    """The root key from shares of the recovery kit: from files, or typed in where there are none.

    Raises:
        BadShareError, UsageError: they give none.
    """
    if not shares:
        return typed_root()
    try:
        return restore_root([words_of(share.read()) for share in shares])
    except UnicodeDecodeError:
        raise UsageError("a share given by --share is no text: give the file of a sheet") from None


def signature_of(text: str) -> bytes:
    """The signature that somebody brings as 128 hexadecimal digits.

    Raises:
        UsageError: it is none.
    """
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 64:
        raise UsageError("--signature takes 128 hexadecimal digits, as `safelight officer sign` prints them")
    return value


def named_values(pairs: tuple[str, ...]) -> Mapping[str, str]:
    """What `--set name=value` gives, each name once.

    Raises:
        UsageError: a pair is none, or a name is given twice.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in values:
            raise UsageError(f"--set {pair!r} is not name=value, or gives a name twice")
        values[name] = value
    return values


def _typed(prompt: str, *, confirm: bool = False) -> str:
    if not os.isatty(0):
        raise UsageError("no terminal to type a passphrase at: an officer's key is opened by its officer")
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed
