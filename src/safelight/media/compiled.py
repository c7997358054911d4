"""How the engine's inner loops become machine code: compiled once, kept on disk, loaded before a sandbox closes.

A kernel names its types when it is declared, takes read-only arrays, and never compiles for others: inside the
sandbox, where nothing can be written, a picture of an unforeseen memory layout must fail as a type error and not start
a compiler.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import numba
import numpy.ma  # noqa: F401 - numba asks for it at the first call of a kernel, when nothing can be imported any more
import platformdirs
from numba import types
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")

_KERNELS: list["Kernel[Any, Any]"] = []
_CONFIG: Any = numba.config  # its settings are made at run time, which no type checker sees
_TYPES: Any = types


def _use_writable_cache() -> None:
    """Point numba at the platform's cache folder, unless NUMBA_CACHE_DIR names one or the folder cannot be written."""
    if _CONFIG.CACHE_DIR:
        return
    folder = Path(platformdirs.user_cache_dir("safelight")) / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return  # numba then tries the source folder; where that fails too, kernels live in memory only
    _CONFIG.CACHE_DIR = str(folder)


class Kernel(Generic[P, R]):
    """A function that becomes machine code at its first call, for the declared types only."""

    def __init__(self, function: Callable[P, R], signature: str | Any, *, fastmath: bool) -> None:
        self._function = function
        self._signature = signature
        self._fastmath = fastmath
        self._machine_code: Callable[P, R] | None = None
        self.__doc__ = function.__doc__
        _KERNELS.append(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it; the global interpreter lock is released meanwhile."""
        if self._machine_code is None:
            self._machine_code = self.load()
        return self._machine_code(*args, **kwargs)

    def load(self) -> Callable[P, R]:
        """Take the machine code from the cache, or compile it; without a writable cache it is compiled and not kept."""
        if self._machine_code is None:
            try:
                self._machine_code = self._compile(cache=True)
            except (RuntimeError, OSError):  # no folder for the cache at all, or one that turned read-only or full
                self._machine_code = self._compile(cache=False)
        return self._machine_code

    def _compile(self, *, cache: bool) -> Callable[P, R]:
        compiled: Callable[P, R] = numba.njit(
            self._signature, cache=cache, nogil=True, fastmath=self._fastmath, error_model="numpy"
        )(self._function)
        return compiled


def kernel(signature: str | Any, *, fastmath: bool = False) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Declare a function as a kernel of these types (numba's notation; build array types with `array`).

    `fastmath` lets sums be reordered: only where the result does not depend on it beyond float noise.
    """

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        return Kernel(function, signature, fastmath=fastmath)

    return declare


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Declare a function that only kernels call; it is compiled into each of them."""
    compiled: Callable[P, R] = numba.njit(nogil=True, error_model="numpy")(function)
    return compiled


def array(scalar: Any, dimensions: int, *, writable: bool = False, layout: str = "C") -> Any:
    """The type of an array argument. Read-only ones accept writable arrays too; `layout` "A" accepts any strides."""
    return _TYPES.Array(scalar, dimensions, layout, readonly=not writable)


def several(*members: Any) -> Any:
    """The type of a result of several values."""
    return _TYPES.Tuple(members)


@intrinsic
def _popcount(_context: Any, word: Any) -> Any:
    """How many bits of a uint64 are set; one machine instruction."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(word), generate


popcount: Any = _popcount


def warm_up() -> None:
    """Load every kernel declared so far, so that no call afterwards needs a compiler or a file."""
    for declared in _KERNELS:
        declared.load()


_use_writable_cache()
