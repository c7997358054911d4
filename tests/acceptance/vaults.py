"""Keeps contents in the vault of a data folder, as the program would. Django is set up before this is imported."""

import json
import os
import sys
from pathlib import Path

from safelight.access.forgetting import contents_of_acts
from safelight.access.node import open_node
from safelight.log.queries import recorded_entries
from safelight.platform.database import open_database
from safelight.platform.settings import read_settings
from safelight.vault.actions.keeping import do_keep_contents
from safelight.vault.protection import read_key_file


def say_named(data: Path, key_file: Path, digest: str) -> None:
    """Print the events of the log's entries, and the acts, that name a SHA-256."""
    settings = read_settings(data=data, key_file=key_file)
    with open_database(settings, as_owner=True):
        node = open_node(settings, read_key_file(key_file, data))
        entries = [one.event for one in recorded_entries(node.log_sealer) if digest.encode() in (one.record or b"")]
        acts = ["act" for one in contents_of_acts(node) if one.hex() == digest]
        sys.stdout.write(json.dumps(entries + acts))


def keep(data: Path, key_file: Path, *contents: str) -> None:
    """Keep these contents; where none are given, ever new ones, and print after each batch how many there are."""
    settings = read_settings(data=data, key_file=key_file)
    with open_database(settings, as_owner=True):
        node = open_node(settings, read_key_file(key_file, data))
        vault = node.vault
        if contents:
            do_keep_contents(vault, [text.encode() for text in contents], node.name)
            return
        number = 0
        while True:
            batch = [f"benign {os.getpid()} {number + one}".encode() for one in range(20)]
            number += len(do_keep_contents(vault, batch, node.name))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
