"""A small log in a folder, with plainly invented entries."""

from safelight.log.checkpoints import Checkpoint, sign_checkpoint
from safelight.log.growth import grow
from safelight.log.merkle import EMPTY_ROOT
from safelight.log.notes import Signer
from safelight.log.stores.folder import FolderTileStore

LOG = Signer("agency-alpha.example/log", bytes(range(32)))


def entry(number):
    return b"Series Harbour %d" % number


def entries_to(size):
    return [entry(number) for number in range(size)]


def publish(store, size, root):
    store.replace_checkpoint(sign_checkpoint(Checkpoint(LOG.key.name, size, root), LOG).encode())


def make_log(path, *sizes, entries=None):
    """A log that grew to each of these sizes in turn and was published each time; its checkpoints."""
    store, size, root = FolderTileStore(path), 0, EMPTY_ROOT
    entries = entries or entries_to(max(sizes))
    checkpoints = []
    for new in sizes:
        size, root = grow(store, size, root, entries[size:new])
        publish(store, size, root)
        checkpoints.append(Checkpoint(LOG.key.name, size, root))
    return store, checkpoints


def files_of(path):
    """Every file of a log and its bytes, without what a writer keeps for itself."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and ".incoming" not in file.parts
    }
