"""What every command that reads or writes what is sealed begins with: the node unlocked, its database and log open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from safelight.cli.secret import asked_secret
from safelight.platform.settings import Settings

if TYPE_CHECKING:
    from safelight.access.node import Node


@contextmanager
def opened_node(settings: Settings) -> Iterator["Node"]:
    """The node of the data folder, for as long as the block lasts; its log is published beside.

    Nobody is asked for a passphrase where no node was made.

    Raises:
        NoKeysError: there is no node; `safelight node create` makes one.
        UnpublishedWorkError: the work was done, and the log could not be published at the end.
        SafelightError: as `asked_secret`, `open_node` and `open_database`.
    """
    from safelight.access.layout import keys_path
    from safelight.platform.database import open_database
    from safelight.vault.nodekeys import describe_keys

    describe_keys(keys_path(settings))
    secret = asked_secret(settings)
    with open_database(settings):
        from safelight.access.node import open_node
        from safelight.log.sequencer import publishing

        node = open_node(settings, secret)
        with publishing(node.log_store, node.signer):
            yield node
