"""What unlocks a node's keys: the key file that the settings name, or a passphrase that is typed in."""

import sys

import click

from safelight.cli.showing import say
from safelight.errors import UsageError
from safelight.platform.settings import Settings
from safelight.vault.keys import RootKey
from safelight.vault.protection import Passphrase, Secret, make_key_file, read_key_file
from safelight.vault.recovery import BadShareError, TooFewSharesError, restore_root, words_of


def new_secret(settings: Settings) -> Secret:
    """The secret of a node that is about to be made; a key file that is not there is made.

    Raises:
        UsageError: as `vault.protection`; or there is neither a key file nor a terminal to type a passphrase at.
    """
    if settings.key_file is None:
        return Passphrase(_typed("Passphrase for this node (15 characters or more)", confirm=True))
    if settings.key_file.exists():
        return read_key_file(settings.key_file, settings.data)
    return make_key_file(settings.key_file, settings.data)


def asked_secret(settings: Settings) -> Secret:
    """The secret of the node that is there.

    Raises:
        UsageError: as `vault.protection`; or there is no terminal to type a passphrase at.
    """
    if settings.key_file is not None:
        return read_key_file(settings.key_file, settings.data)
    return Passphrase(_typed("Passphrase of this node"))


def typed_root() -> RootKey:
    """The root key from shares of the recovery kit, typed in one after the other until they are enough.

    Raises:
        UsageError: there is no terminal to type them at.
    """
    shares: list[str] = []
    while True:
        shares.append(words_of(_typed(f"Words of share {len(shares) + 1}")))
        try:
            return restore_root(shares)
        except TooFewSharesError:
            continue
        except BadShareError as error:
            say(error.message, err=True)
            shares.pop()


def _typed(prompt: str, *, confirm: bool = False) -> str:
    if not sys.stdin.isatty():
        raise UsageError("no terminal to type at: name a key file in SAFELIGHT_KEY_FILE, and shares by --share")
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed
