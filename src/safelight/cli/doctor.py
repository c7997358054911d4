"""`safelight doctor`: what is active here, what is missing, and what follows from it."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import click

from safelight.cli import showing
from safelight.errors import CannotRunError, SafelightError
from safelight.platform.settings import Settings

_LEAST_FREE = 5 << 30
_NEEDED = ("sandbox", "data folder", "database")
"""Without these no check runs."""
_NOT_YET = (
    "sound",
    "disk images Ex01, L01, AD1, AFF, VMDK, VHD, VHDX, VDI, qcow2, DMG",
    "files in shadow copies, APFS, LVM, XFS and Btrfs",
    "archives RAR and CAB; of UFDR only what a zip tells",
)


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and what follows where it is not as it should be."""

    what: str
    state: str
    good: bool
    follows: str = ""


@click.command()
@click.pass_obj
def doctor(settings: Settings) -> None:
    """Say what is active: decoders, sandbox layers, database, disk, versions; what is missing and what follows."""
    findings = [*_sandbox(), *_memory(), *_decoders(), *_walkers(), *_data(settings), *_not_yet(), *_versions()]
    if showing.for_people():
        rows = [("ok" if one.good else "MISSING", one.what, one.state, one.follows) for one in findings]
        showing.table("Safelight on this machine", ("", "what", "state", "what follows"), rows)
    else:
        for one in findings:
            showing.line(what=one.what, state=one.state, good=one.good, follows=one.follows)
    if any(one.what in _NEEDED and not one.good for one in findings):
        sys.exit(CannotRunError.exit_code)


def _sandbox() -> Iterator[Finding]:
    from safelight.casework.check.options import EXAMINER
    from safelight.sandbox import Nursery
    from safelight.sandbox.layers import WHAT_FOLLOWS, Layer, missing

    try:
        with Nursery(EXAMINER) as nursery:
            active = nursery.spawn().layers
    except SafelightError as error:
        yield Finding("sandbox", error.message, good=False, follows="nothing can be checked")
        return
    yield Finding("sandbox", "starts", good=True)
    absent = missing(active)
    for layer in Layer:
        if layer in active:
            yield Finding(f"sandbox layer {layer.value}", "active", good=True)
        elif layer in absent:
            yield Finding(f"sandbox layer {layer.value}", "missing", good=False, follows=WHAT_FOLLOWS[layer])
        else:
            yield Finding(f"sandbox layer {layer.value}", "not needed: not started as root", good=True)


def _memory() -> Iterator[Finding]:
    from safelight.platform.swap import clear_swap

    follows = (
        "what is opened may be written to a disk in clear: turn swap off (swapoff), or put it on an encrypted device"
    )
    areas = clear_swap()
    if areas is None:
        yield Finding("swap", "cannot be told on this system", good=False, follows=follows)
    elif areas:
        yield Finding("swap", f"not seen to be encrypted: {', '.join(areas)}", good=False, follows=follows)
    else:
        yield Finding("swap", "none, or encrypted", good=True)


def _decoders() -> Iterator[Finding]:
    import av
    import rawpy
    from PIL import features
    from pypdfium2.version import PDFIUM_INFO

    for name, feature in (
        ("JPEG", "jpg"),
        ("PNG", "zlib"),
        ("TIFF", "libtiff"),
        ("WebP", "webp"),
        ("AVIF", "avif"),
        ("JPEG 2000", "jpg_2000"),
    ):
        found = features.version(feature)
        there = bool(features.check(feature))
        follows = "" if there else f"{name} files are named as unreadable"
        yield Finding(
            f"decoder {name}", f"Pillow, {found or 'built in'}" if there else "missing", good=there, follows=follows
        )
    try:
        import pi_heif
    except ImportError:
        yield Finding("decoder HEIC", "missing", good=False, follows="HEIC files are named as unreadable")
    else:
        yield Finding("decoder HEIC", f"libheif {pi_heif.libheif_version()}", good=True)
    yield Finding("decoders GIF, APNG, BMP", "Pillow, built in", good=True)
    yield Finding("decoder camera raw", f"LibRaw {'.'.join(map(str, rawpy.libraw_version))}", good=True)
    major, minor, micro = av.library_versions["libavcodec"]
    yield Finding("archives", "zip, 7z, tar, gzip, bzip2, xz; mail and mailboxes", good=True)
    yield Finding("documents PDF", f"PDFium {PDFIUM_INFO}", good=True)
    yield Finding("decoder video", f"PyAV {av.__version__}, libavcodec {major}.{minor}.{micro}", good=True)


def _walkers() -> Iterator[Finding]:
    """What disk images are read with."""
    for module, what, name, follows in (
        ("pytsk3", "disk images", "The Sleuth Kit, pytsk3", "files in raw and EnCase images are not read"),
        ("pyewf", "EnCase images (E01)", "libewf", "files in EnCase images are not read"),
    ):
        try:
            version = import_module(module).get_version()
        except ImportError as error:
            yield Finding(what, f"missing: {error}", good=False, follows=f"{follows}; each such image is named")
        else:
            yield Finding(what, f"{name} {version}", good=True)


def _data(settings: Settings) -> Iterator[Finding]:
    from safelight.platform.settings import is_demo, refuse_unusable_data

    try:
        refuse_unusable_data(settings)
    except SafelightError as error:
        yield Finding("data folder", error.message, good=False, follows="nothing can be imported, checked or reported")
        return
    there = settings.data.exists()
    marks = " (demonstration)" if is_demo(settings.data) else "" if there else ", made by the first command"
    yield Finding("data folder", f"{settings.data}{marks}", good=True)
    if there:
        yield from _node(settings)
    yield from _database(settings)


def _node(settings: Settings) -> Iterator[Finding]:
    from safelight.access.layout import keys_path
    from safelight.vault.nodekeys import NoKeysError, describe_keys

    try:
        keys = describe_keys(keys_path(settings))
        size = _published(settings)
    except NoKeysError:
        yield Finding("node", "none made", good=False, follows="nothing is signed or logged: `safelight node create`")
        return
    except SafelightError as error:
        yield Finding("node", error.message, good=False, follows="nothing that needs its keys runs")
        return
    yield Finding("node", f"{keys.node}, key {keys.fingerprint}, locked by a {keys.locked_by}", good=True)
    yield Finding("log", f"{size} entries published", good=True)


def _published(settings: Settings) -> int:
    """How many entries the log's checkpoint covers."""
    from safelight.access.layout import log_store
    from safelight.log.checkpoints import Checkpoint
    from safelight.log.notes import Note

    note = log_store(settings.data).checkpoint()
    return Checkpoint.parse(Note.parse(note).text).size if note is not None else 0


def _database(settings: Settings) -> Iterator[Finding]:
    from safelight.platform.database import database_status

    status = database_status(settings)
    up = "running" if status.up else "not running: starts with the next command"
    state = f"{status.kind}, PostgreSQL {status.version or '?'}, {up}"
    yield Finding("database", status.problem or state, good=status.problem is None)
    if status.disk_free is not None:
        enough = status.disk_free > _LEAST_FREE
        yield Finding(
            "disk",
            f"{showing.size_text(status.disk_free)} free",
            good=enough,
            follows="" if enough else "a check may stop with status 3",
        )
    if status.problem is None:
        yield from _people(settings)


def _people(settings: Settings) -> Iterator[Finding]:
    from safelight.access.layout import keys_path

    if not keys_path(settings).exists():
        return
    from safelight.platform.clock import now
    from safelight.platform.database import open_database
    from safelight.platform.walls import NOBODY_ENROLLED, acting

    try:
        with open_database(settings), acting(NOBODY_ENROLLED):
            from safelight.access.queries import count_officers, is_enrolled, open_reviews

            enrolled, officers, reviews = is_enrolled(), count_officers(now()), len(open_reviews())
            logged = [*_log_beside(_published(settings)), *_public_sets(settings)]
    except SafelightError as error:
        yield Finding("officers", error.message, good=False, follows="who may do what cannot be told")
        return
    if not enrolled:
        follows = "whoever runs a command here may do everything, alone: `safelight officer enrol`"
        yield Finding("officers", "none enrolled", good=False, follows=follows)
    else:
        follows = (
            "" if officers > 1 else "nobody can approve what needs two: enrol more, by the recovery kit if need be"
        )
        yield Finding("officers", f"{officers} enrolled", good=officers > 1, follows=follows)
    if reviews:
        follows = (
            "the recovery kit was used, or a backup restored, and nobody else has said what he found: "
            "`safelight act list`"
        )
        yield Finding("break-glass", f"{reviews} to be reviewed", good=False, follows=follows)
    yield from logged


def _public_sets(settings: Settings) -> Iterator[Finding]:
    """Published lists of known good, each as its files are."""
    from safelight.known.published import open_sets

    for state in open_sets(settings.data.expanduser().absolute()):
        held = f"{state.entries:,} entries" if state.fault is None else state.fault
        follows = "" if state.fault is None else "it answers nothing until its list was imported again"
        yield Finding(f"published list {state.source.name}", held, good=state.fault is None, follows=follows)


def _log_beside(published: int) -> Iterator[Finding]:
    """What waits to be published, and what holds the log to its history from outside."""
    from safelight.log.outside import protection
    from safelight.log.queries import count_unpublished, last_handed_out

    outside = protection(published, last_handed_out())
    yield Finding("log kept outside", outside.state, good=outside.good, follows=outside.follows)
    if waiting := count_unpublished(published):
        yield Finding("log waiting", f"{waiting} entries", good=True, follows="the next command publishes them")


def _not_yet() -> Iterator[Finding]:
    for what in _NOT_YET:
        yield Finding(
            what, "not examined by this version", good=False, follows="each such file is named as not examined"
        )
    yield Finding(
        "volumes APFS, XFS, Btrfs, ReFS, LVM, RAID; volume shadow copies; unallocated space",
        "not read by this version",
        good=False,
        follows="each such volume is named as not examined; deleted files are found as far as their records stand",
    )


def _versions() -> Iterator[Finding]:
    from safelight.casework.check.versions import versions

    for name, version in versions().items():
        yield Finding(f"version {name}", version, good=True)
