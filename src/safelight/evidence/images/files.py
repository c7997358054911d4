"""Walks one file system with The Sleuth Kit: files, deleted files, streams beside them and links, by their paths."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from safelight.evidence.archives.copying import BROKEN, say
from safelight.evidence.archives.messages import DATA_BYTES, Data, End, Entry, Message, told_size
from safelight.evidence.images.telling import Telling

_UNALLOCATED = 2
"""TSK_FS_NAME_FLAG_UNALLOC, TSK_FS_META_FLAG_UNALLOC."""
_FILE, _FOLDER, _LINK, _VIRTUAL, _VIRTUAL_FOLDER = 1, 2, 6, 10, 11
"""TSK_FS_META_TYPE_ENUM; the virtual ones are The Sleuth Kit's own: tables of the file system, and orphans."""
_ORPHANS = b"$OrphanFiles"
_LABEL = b" (Volume Label Entry)"
_NTFS, _HFS, _FAT, _ISO = 0x1, 0x1000, 0xE, 0x800
"""Bits of TSK_FS_TYPE_ENUM."""
_DEFAULT, _DATA, _RESOURCES, _ENCRYPTED = 1, 128, 4353, 0x20
"""TSK_FS_ATTR_TYPE_DEFAULT, NTFS_DATA, HFS_RSRC; TSK_FS_ATTR_ENC."""
_NTFS_OWN = 24
"""NTFS keeps its own records in files of numbers below this, and in folders of such numbers."""
_HFS_OWN = 16
"""HFS+ keeps its own tables in files of numbers below this."""
_EXFAT_OWN = frozenset({b"$ALLOC_BITMAP", b"$UPCASE_TABLE"})
_SHADOW = b"{3808876b-c176-4e48-b7ae-04046e6cc752}"
"""Each store of a volume shadow copy is a file whose name ends so."""
_MOST_DEEP = 300
_LONGEST_PATH = 1 << 15
_LATEST_SECOND = 1 << 33


@dataclass
class Count:
    """What was met in a file system."""

    files: int = 0
    deleted: int = 0
    gone: int = 0
    own: int = 0
    problems: list[str] = field(default_factory=list)

    def words(self) -> str:
        """The count for people."""
        parts = [f"files {self.files}", f"deleted files whose data could be read {self.deleted}"]
        if self.gone:
            parts.append(f"deleted names without data {self.gone}")
        if self.own:
            parts.append(f"records of the file system itself, not listed {self.own}")
        return ", ".join(parts + self.problems[:3])


@dataclass(frozen=True)
class _Folder:
    opened: Any
    path: bytes
    depth: int
    deleted: bool
    own: bool


class Files:
    """One file system being walked; `count` is complete after the last message."""

    def __init__(self, system: Any, prefix: bytes, medium_size: int, telling: Telling) -> None:
        self._system, self._prefix, self._telling = system, prefix, telling
        self._most = medium_size
        self._kind = int(system.info.ftype)
        self._seen: set[int] = set()
        self.count = Count()

    def walk(self) -> Iterator[Message]:
        """Yield every file, each folder's own before those of the folders in it."""
        root = int(self._system.info.root_inum)
        self._seen.add(root)
        pending = [_Folder(self._system.open_dir(inode=root), self._prefix, 0, deleted=False, own=False)]
        while pending:
            folder = pending.pop()
            below: list[_Folder] = []
            try:
                for file in folder.opened:
                    yield from self._thing(file, folder, below)
            except BROKEN as error:
                name = folder.path or b"/"
                yield from self._telling.unread(name, f"a folder that breaks off: {say(error)}")
            pending.extend(reversed(below))

    def _thing(self, listed: Any, folder: _Folder, below: list[_Folder]) -> Iterator[Message]:
        name = listed.info.name
        base = bytes(name.name or b"")
        if base in (b".", b"..") or (base.endswith(_LABEL) and self._kind & _FAT):
            return
        path = folder.path + b"/" + base if folder.path else base
        nameless = folder.deleted or bool(int(name.flags) & _UNALLOCATED)
        file = listed if listed.info.meta is not None else self._record(name)
        if file is None and not nameless:
            yield from self._telling.unread(path, "the file system has no record of what it is")
            return
        if file is None or (nameless and not int(file.info.meta.flags) & _UNALLOCATED):
            self.count.gone += 1  # of what is gone only the name is left, or its record is another file's now
            return
        meta = file.info.meta
        deleted = nameless or bool(int(meta.flags) & _UNALLOCATED)
        kind, own = int(meta.type), self._own(base, int(meta.addr), folder)
        if kind in (_FOLDER, _VIRTUAL_FOLDER):
            self._descend(file, _Folder(None, path, folder.depth + 1, deleted or base == _ORPHANS, own), below)
        if kind == _FILE and self._kind & _NTFS and base.lower().endswith(_SHADOW) and not deleted:
            reason = "a volume shadow copy: earlier states of files lie in it, which this version cannot read"
            yield from self._telling.unread(path, reason, told_size(int(meta.size)))
        elif kind in (_FILE, _FOLDER):
            yield from self._streams(file, path, deleted=deleted, own=own)
        elif kind == _LINK and not deleted:
            target = ascii(bytes(meta.link or b"").decode("utf-8", "surrogateescape"))[:300]
            yield from self._telling.special(path, "link", f"a link to {target}, not followed", self._modified(meta))
        elif kind == _VIRTUAL:
            self.count.own += 1
        elif kind not in (_VIRTUAL_FOLDER, _LINK) and not deleted:
            yield from self._telling.special(
                path, "special", "a device, pipe or socket, not opened", self._modified(meta)
            )

    def _record(self, name: Any) -> Any | None:
        """The record of a deleted file where the listing leaves it out: NTFS has counted its sequence on by one."""
        try:
            file = self._system.open_meta(inode=int(name.meta_addr))
        except BROKEN:
            return None
        meta = file.info.meta
        gone = meta is not None and int(meta.flags) & _UNALLOCATED
        return file if gone and int(meta.seq) - int(name.meta_seq) in (0, 1) else None

    def _descend(self, file: Any, folder: _Folder, below: list[_Folder]) -> None:
        """Open a folder that is met for the first time: one that stands in itself is not walked for ever."""
        number = int(file.info.meta.addr)
        if number in self._seen:
            return
        self._seen.add(number)
        if folder.depth > _MOST_DEEP or len(folder.path) > _LONGEST_PATH:
            self.count.problems.append(f"folders more than {_MOST_DEEP} deep were not opened")
            return
        try:
            opened = file.as_directory()
        except BROKEN as error:
            if not folder.deleted:
                self.count.problems.append(f"a folder that cannot be opened: {say(error)}")
            return
        below.append(_Folder(opened, folder.path, folder.depth, folder.deleted, folder.own))

    def _own(self, name: bytes, number: int, folder: _Folder) -> bool:
        """Whether this is the file system's own: a record of NTFS or exFAT, not a file of anybody."""
        if self._kind & _NTFS:
            return folder.own or (number < _NTFS_OWN and not folder.deleted)
        if self._kind & _HFS:
            return number < _HFS_OWN
        return folder.depth == 0 and name in _EXFAT_OWN

    def _streams(self, file: Any, path: bytes, *, deleted: bool, own: bool) -> Iterator[Message]:
        """What a file holds: its content, and the streams beside it that NTFS and HFS+ know."""
        meta = file.info.meta
        is_file = int(meta.type) == _FILE
        if own:
            self.count.own += is_file
        elif is_file:
            encrypted = False
            if self._kind & _NTFS:
                encrypted = any(int(one.info.flags) & _ENCRYPTED for one in _attributes(file, _DATA))
            yield from self._file(_Stream(file, path, int(meta.size), _DEFAULT, -1, deleted, encrypted))
        if not self._kind & (_NTFS | _HFS):
            return
        for one in _attributes(file, _DATA, _RESOURCES):
            name = bytes(one.info.name or b"")
            size, kind = int(one.info.size), int(one.info.type)
            if not size or (kind == _DATA and not name) or (own and name.startswith(b"$")):
                continue
            whole = path + b":" + (name or b"rsrc")
            flags = int(one.info.flags)
            yield from self._file(_Stream(file, whole, size, kind, int(one.info.id), deleted, bool(flags & _ENCRYPTED)))

    def _modified(self, meta: Any) -> int | None:
        """When it was modified last, nanoseconds since 1970; FAT's times, which have no zone, taken as UTC."""
        if self._kind & _ISO:  # its one time is called that of creation
            second, part = int(meta.crtime), int(meta.crtime_nano)
        else:
            second, part = int(meta.mtime), int(meta.mtime_nano)
        return second * 1_000_000_000 + part if 0 < second < _LATEST_SECOND else None

    def _file(self, stream: "_Stream") -> Iterator[Message]:
        if stream.encrypted and not stream.deleted:
            yield from self._telling.locked(stream.path, "encrypted by the file system: a key is needed", stream.size)
            return
        if stream.size > self._most:
            if stream.deleted:
                self.count.gone += 1
            else:
                reason = f"claims {stream.size} bytes, more than the image holds: not read"
                yield from self._telling.unread(stream.path, reason, told_size(stream.size))
            return
        if stream.deleted and not stream.begins():
            self.count.gone += 1
            return
        self.count.files += not stream.deleted
        self.count.deleted += stream.deleted
        number = self._telling.take()
        if number is not None:
            size = told_size(stream.size)
            modified = self._modified(stream.file.info.meta)
            yield Entry(number, stream.path, size, modified, "deleted" if stream.deleted else "file")
            yield from stream.copy()


@dataclass(frozen=True)
class _Stream:
    """The bytes of one attribute of a file."""

    file: Any
    path: bytes
    size: int
    kind: int
    number: int
    deleted: bool
    encrypted: bool

    def begins(self) -> bool:
        """Whether there is a first byte that can be read."""
        try:
            return self.size > 0 and bool(self._read(0, 1))
        except BROKEN:
            return False

    def copy(self) -> Iterator[Message]:
        """Yield the bytes, and the end with what went wrong."""
        at = 0
        while at < self.size:
            try:
                data = self._read(at, min(DATA_BYTES, self.size - at))
            except BROKEN as error:
                yield End(f"broken off at byte {at} of {self.size}: {say(error)}")
                return
            if not data:
                yield End(f"broken off at byte {at} of {self.size}")
                return
            yield Data(data)
            at += len(data)
        yield End()

    def _read(self, offset: int, size: int) -> bytes:
        if self.number < 0:
            return bytes(self.file.read_random(offset, size))
        return bytes(self.file.read_random(offset, size, self.kind, self.number))


def _attributes(file: Any, *kinds: int) -> list[Any]:
    try:
        return [one for one in file if int(one.info.type) in kinds]
    except BROKEN:
        return []
