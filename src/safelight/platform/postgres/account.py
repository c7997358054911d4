"""As whom the server runs. PostgreSQL refuses root, so root lends it an account, and a way to its files.

An account other than root may be unable to reach the programs or the data folder (under `/root`, say). Root then gives
the server a mount namespace of its own in which both stand at a reachable place: no permission on the machine changes.
Where the kernel refuses that (many containers), passage, not listing, is granted on the data folder itself.
"""

import ctypes
import os
import pwd
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import CannotRunError

_PREFERRED = ("safelight", "postgres", "nobody")
_CLONE_NEWNS = 0x00020000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_SLAVE = 0x80000
_MNT_DETACH = 2


@dataclass(frozen=True)
class Account:
    """Whom the server runs as: `lent` where that is not ourselves."""

    name: str
    uid: int
    gid: int
    lent: bool

    def _identity(self) -> tuple[int | None, int | None, list[int] | None]:
        return (self.uid, self.gid, []) if self.lent else (None, None, None)

    def run(self, command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run a program of ours as this account and wait for it; what it says is kept."""
        user, group, groups = self._identity()
        return subprocess.run(  # noqa: S603 - the command is made of our own paths
            command, check=False, capture_output=True, text=True, cwd="/", env=environment,
            user=user, group=group, extra_groups=groups,
        )  # fmt: skip

    def spawn(self, command: list[str], environment: dict[str, str], output: int) -> int:
        """Start a program of ours as this account, in a session of its own; return its process number."""
        user, group, groups = self._identity()
        process = subprocess.Popen(  # noqa: S603 - the command is made of our own paths
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, user=user, group=group, extra_groups=groups,
        )  # fmt: skip
        return process.pid

    def reaches(self, path: Path) -> bool:
        """Tell whether this account can pass to `path` and use it."""
        if not self.lent:
            return os.access(path, os.X_OK)
        return self.run(["/usr/bin/test", "-x", os.fspath(path)], {}).returncode == 0

    def give(self, path: Path) -> None:
        """Make this account the owner of a file or folder."""
        if self.lent:
            os.chown(path, self.uid, self.gid)


def choose_account(wanted: str | None, cluster: Path) -> Account:
    """Choose whom the server runs as: ourselves, or for root the cluster's owner, the account wanted, or a usual one.

    Raises:
        CannotRunError: Root asked for an account that does not exist or is root.
    """
    if os.geteuid() != 0:
        return Account("", os.geteuid(), os.getegid(), lent=False)
    names = [wanted] if wanted else list(_PREFERRED)
    if cluster.exists():
        names = [_owner_of(cluster)]
    for name in names:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(name, found.pw_uid, found.pw_gid, lent=True)
    raise CannotRunError(f"PostgreSQL cannot run as {' or '.join(names)}: set SAFELIGHT_DATABASE_USER to an account.")


def _owner_of(path: Path) -> str:
    uid = path.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise CannotRunError(
            f"{path} belongs to uid {uid}, which has no account here: create one, or chown it."
        ) from None


def open_way(account: Account, places: dict[str, Path], data: Path, runtime: Path) -> dict[str, Path]:
    """Return for each place a path by which the account reaches it, opening a way where there is none.

    Args:
        account: Whom the server runs as.
        places: Folders by a short name.
        data: The data folder, which may be made passable for others (mode 0711) as the last resort.
        runtime: The server's short folder, under which a private view is made.

    Raises:
        CannotRunError: There is no way; the message says what to change.
    """
    if all(account.reaches(place) for place in places.values()):
        return places
    if _enter_private_view():
        runtime.chmod(0o711)
        view = {name: runtime / name for name in places}
        for name, place in places.items():
            view[name].mkdir(mode=0o755, exist_ok=True)
            _mount(os.fsencode(place), os.fsencode(view[name]), _MS_BIND | _MS_REC)
        return view
    data.chmod(0o711)
    blocked = [place for place in places.values() if not account.reaches(place)]
    if blocked:
        raise CannotRunError(
            f"The database runs as {account.name}, who cannot reach {blocked[0]}: "
            "run as an ordinary user, or use a data folder and an installation that others may pass to."
        )
    return places


def close_way(places: Iterable[str], runtime: Path) -> None:
    """Remove what `open_way` made under `runtime`, and that folder itself, as far as it is empty."""
    libc = ctypes.CDLL(None)
    for folder in (*(runtime / name for name in places), runtime):
        libc.umount2(os.fsencode(folder), _MNT_DETACH)  # refused where nothing is mounted
        with suppress(OSError):
            folder.rmdir()


def _enter_private_view() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        return False
    # A slave, not a private copy: what is unmounted outside must not stay busy because of us.
    _mount(b"none", b"/", _MS_REC | _MS_SLAVE)
    return True


def _mount(source: bytes, target: bytes, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source, target, None, ctypes.c_ulong(flags), None) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise CannotRunError(f"Cannot show {os.fsdecode(source)} to the database: {reason}.")
