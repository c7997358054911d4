"""What unlocks a node's keys: the key file that the settings name, or a passphrase that is typed in."""

import sys

import click

from safelight.errors import UsageError
from safelight.platform.settings import Settings
from safelight.vault.protection import Passphrase, Secret, make_key_file, read_key_file


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
        UsageError, BadKeyFileError: as `vault.protection`; or there is no terminal to type a passphrase at.
    """
    if settings.key_file is not None:
        return read_key_file(settings.key_file, settings.data)
    return Passphrase(_typed("Passphrase of this node"))


def _typed(prompt: str, *, confirm: bool = False) -> str:
    if not sys.stdin.isatty():
        raise UsageError("no terminal to type the node's passphrase at: name a key file in SAFELIGHT_KEY_FILE")
    typed: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed
