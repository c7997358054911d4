"""Makes small disk images with the usual tools, without root: file systems filled from a folder, partitions, EnCase."""

import hashlib
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SECTOR, FIRST = 512, 2048
"""A partition begins on a whole MiB, as partitioning tools have it."""
MIB = 1 << 20
TIME = 1_600_000_000
_PACKAGES = {
    "mkfs.vfat": "dosfstools", "mkfs.exfat": "exfatprogs", "mcopy": "mtools", "mdeltree": "mtools",
    "mke2fs": "e2fsprogs", "debugfs": "e2fsprogs", "mkntfs": "ntfs-3g", "ntfscp": "ntfs-3g", "sfdisk": "fdisk",
    "xorriso": "xorriso", "ewfacquire": "ewf-tools",
}  # fmt: skip


def tool(name: str, *arguments: str | bytes | Path, given: str | None = None) -> str:
    """Run a tool and return what it says; where it is not there, the test fails with the package's name."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert found, f"{name} is missing: install Debian's {_PACKAGES[name]}"
    ran = subprocess.run(
        [found, *arguments],
        input=given,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={"PATH": os.environ["PATH"], "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC0", "LC_ALL": "C.UTF-8"},
    )
    assert ran.returncode == 0, f"{name}: {ran.stderr or ran.stdout}"
    return ran.stdout


@dataclass
class Folder:
    """What a file system is filled with; names are bytes, with "/" between folders."""

    files: dict[bytes, bytes] = field(default_factory=dict)

    def lay(self, at: Path) -> Path:
        """Write it below `at`."""
        at.mkdir()
        for name, content in self.files.items():
            path = os.path.join(os.fsencode(at), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
            os.utime(path, (TIME, TIME))
        return at


def fat(at: Path, folder: Folder, *, deleted: tuple[str, ...] = (), size: int = 2 * MIB, bits: int = 12) -> bytes:
    """A FAT volume."""
    image = _empty(at / "fat.img", size)
    tool("mkfs.vfat", "-F", str(bits), "-n", "HARBOUR", image)
    laid = folder.lay(at / "fat")
    if names := sorted(laid.iterdir()):
        tool("mcopy", "-s", "-m", "-i", image, *names, "::/")
    for name in deleted:
        tool("mdeltree", "-i", image, f"::/{name}")
    return image.read_bytes()


def exfat(at: Path, *files: tuple[str, bytes, bool], size: int = 4 * MIB) -> bytes:
    """An exFAT volume; no tool fills one without mounting it, so its root folder is written here: name, content, deleted."""
    path = _empty(at / "exfat.img", size)
    tool("mkfs.exfat", path)
    image = bytearray(path.read_bytes())
    heap, _count, root = struct.unpack_from("<III", image, 88)
    sector, cluster = 1 << image[108], 1 << (image[108] + image[109])

    def place(number: int) -> int:
        return heap * sector + (number - 2) * cluster

    slot, free = place(root), root + 1
    while image[slot]:
        slot += 32
    for name, content, deleted in files:
        entry = _exfat_entry(name, len(content), free, deleted=deleted)
        image[slot : slot + len(entry)] = entry
        image[place(free) : place(free) + len(content)] = content
        slot, free = slot + len(entry), free + -(-len(content) // cluster)
    return bytes(image)


def _exfat_entry(name: str, size: int, first: int, *, deleted: bool) -> bytes:
    """The entries of a file that lies in one piece (exFAT specification, 7.4, 7.6 and 7.7)."""
    letters = name.encode("utf-16-le")
    head = struct.pack("<BBHHHIIIBBBBB7x", 0x85, 2, 0, 0x20, 0, *[0x50000000] * 3, 0, 0, 0, 0, 0)
    stream = struct.pack("<BBxBHHQIIQ", 0xC0, 3, len(name), 0, 0, size, 0, first, size)
    entries = bytearray(head + stream + struct.pack("<BB30s", 0xC1, 0, letters))
    checksum = 0
    for at, byte in enumerate(entries):
        if at not in (2, 3):
            checksum = ((checksum << 15 | checksum >> 1) + byte) & 0xFFFF
    struct.pack_into("<H", entries, 2, checksum)
    for at in range(0, len(entries), 32):
        entries[at] &= 0x7F if deleted else 0xFF
    return bytes(entries)


def ext(
    at: Path,
    folder: Folder,
    *commands: str,
    kind: str = "ext4",
    size: int = 4 * MIB,
    links: tuple[str, str] | None = None,
) -> bytes:
    """A volume of the ext family; `commands` are then given to debugfs. `links` is a symbolic link: name, target."""
    image = _empty(at / f"{kind}.img", size)
    laid = folder.lay(at / kind)
    if links is not None:
        (laid / links[0]).symlink_to(links[1])
    tool("mke2fs", "-q", "-t", kind, "-d", laid, image)
    if commands:
        tool("debugfs", "-w", "-f", "-", image, given="\n".join(commands) + "\n")
    return image.read_bytes()


def ntfs(at: Path, files: dict[str, bytes], *, size: int = 4 * MIB) -> bytes:
    """An NTFS volume; a name with ":" in it is a stream beside a file."""
    image = _empty(at / "ntfs.img", size)
    tool("mkntfs", "-F", "-q", "-Q", "-L", "Harbour", image)
    for number, (name, content) in enumerate(files.items()):
        (at / f"ntfs-{number}").write_bytes(content)
        base, _, stream = name.partition(":")
        beside = ("-N", stream) if stream else ()
        tool("ntfscp", "-q", *beside, image, at / f"ntfs-{number}", base)
    return image.read_bytes()


def disc(at: Path, folder: Folder) -> bytes:
    """An ISO 9660 image with Rock Ridge names."""
    tool("xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", at / "disc.iso", folder.lay(at / "disc"))
    return (at / "disc.iso").read_bytes()


def hybrid(at: Path, folder: Folder) -> bytes:
    """An image that is a disc, and holds the same files in an HFS+ partition, too."""
    tool(
        "xorriso",
        "-as",
        "mkisofs",
        "-quiet",
        "-R",
        "-J",
        "-hfsplus",
        "-o",
        at / "hybrid.iso",
        folder.lay(at / "hybrid"),
    )
    return (at / "hybrid.iso").read_bytes()


def partitioned(at: Path, volumes: list[bytes], *, label: str = "gpt", spare: int = MIB) -> bytes:
    """A disk with a partition for each volume, one behind the other."""
    start, lines, places = FIRST, [f"label: {label}"], []
    for volume in volumes:
        sectors = len(volume) // SECTOR
        lines.append(f"start={start},size={sectors}")
        places.append(start * SECTOR)
        start += sectors
    image = _empty(at / "disk.img", start * SECTOR + spare)
    tool("sfdisk", "-q", image, given="\n".join(lines) + "\n")
    with image.open("r+b") as file:
        for place, volume in zip(places, volumes, strict=True):
            file.seek(place)
            file.write(volume)
    return image.read_bytes()


def encase(at: Path, medium: bytes, *options: str) -> list[Path]:
    """An EnCase image, in as many segments as it takes: `options` are ewfacquire's."""
    (at / "medium").write_bytes(medium)
    chosen = {
        "-f": "encase6",
        "-c": "deflate:none",
        "-d": "sha1",
        "-C": "Harbour 7",
        "-E": "Exhibit 1",
        "-e": "Officer A",
        "-N": "drawn",
    }
    arguments = [word for pair in chosen.items() for word in pair]
    tool("ewfacquire", "-u", "-q", "-t", at / "image", *arguments, *options, at / "medium")
    (at / "medium").unlink()
    return sorted(at.glob("image.E*"))


@cache
def noise(number: int, size: int) -> bytes:
    """Bytes that do not compress, the same for the same number."""
    return hashlib.shake_128(str(number).encode()).digest(size)


def _empty(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path
