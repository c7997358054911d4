"""The layers of the sandbox, put on one after the other by a worker that has not yet seen a foreign byte."""

import ctypes
import os
import resource
import signal
from enum import StrEnum

from safelight.sandbox import landlock, syscalls
from safelight.sandbox.limits import Limits

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_M_PERTURB = -6
_FREED = 0x5A
_NOBODY = 65534
_libc = ctypes.CDLL(None, use_errno=True)


class Layer(StrEnum):
    """What stands between a decoder that was taken over and the machine."""

    NO_NEW_PRIVILEGES = "no-new-privileges"
    LIMITS = "limits"
    OWN_USER = "own-user"
    LANDLOCK = "landlock"
    SECCOMP = "seccomp"


WHAT_FOLLOWS = {
    Layer.NO_NEW_PRIVILEGES: "a decoder that was taken over might gain rights from programs on this machine",
    Layer.LIMITS: "a hostile file might use up memory or processor time",
    Layer.OWN_USER: "a decoder that was taken over would hold this user's rights where the other layers fail",
    Layer.LANDLOCK: "files are kept from a decoder by one layer (seccomp) only; a kernel of 5.13 or later has this one",
    Layer.SECCOMP: "network and processes are NOT kept from a decoder; install libseccomp (package libseccomp2)",
}


def close_off(limits: Limits) -> tuple[Layer, ...]:
    """Give up everything this process does not need, for good; return the layers that took hold.

    Raises:
        OSError: a layer that every supported kernel has did not take hold.
    """
    _libc.mallopt(_M_PERTURB, _FREED)  # what one file left behind is overwritten before the next file is read
    _set_limits(limits)
    layers = [Layer.LIMITS]
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        layers.append(Layer.OWN_USER)
    die_with_parent()  # again: a change of user takes it away
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_DUMPABLE, 0)):
        if _libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl refused")
    layers.append(Layer.NO_NEW_PRIVILEGES)
    if landlock.restrict():
        layers.append(Layer.LANDLOCK)
    if syscalls.load_filter():
        layers.append(Layer.SECCOMP)
    return tuple(layers)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def missing(active: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers that did not take hold. An own user is possible only where Safelight was started as root."""
    return tuple(layer for layer in Layer if layer not in active and (layer is not Layer.OWN_USER or os.geteuid() == 0))


def _set_limits(limits: Limits) -> None:
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - read before the files are given up
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    bounds = {
        resource.RLIMIT_AS: mapped + limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for what, bound in bounds.items():
        hard = resource.getrlimit(what)[1]
        least = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (least, least))
