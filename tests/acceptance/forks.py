"""Processes that need not load Safelight first: forks of one that has, started when it is first asked for.

For what a test needs and is not about: commands that make its data folder, and code that looks into one afterwards.
What a test is about is started as a person starts it (`commands.run`), and so is whatever is killed or watched.
"""

import multiprocessing
import os
import pkgutil
import sys
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import safelight
from safelight.cli import main


def call(function: Callable[..., None], *arguments: object, environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Call a function of a module in a process of its own, with this environment; its status, output and errors."""
    with TemporaryDirectory(prefix="safelight-test-fork-") as folder:
        streams = Path(os.devnull), Path(folder, "out"), Path(folder, "err")
        process = _forks().Process(target=_begin, args=(function, arguments, dict(environment), streams))
        process.start()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, streams[1].read_bytes(), streams[2].read_bytes()


def said_by(function: Callable[..., None], *arguments: object, environment: Mapping[str, str]) -> str:
    """What a function of a module writes to its standard output in a process of its own."""
    status, out, err = call(function, *arguments, environment=environment)
    assert status == 0, err.decode(errors="replace")
    return out.decode()


def type_command(*words: str | bytes) -> None:
    """Be `safelight` with these words."""
    sys.argv = ["safelight", *map(os.fsdecode, words)]
    main()


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    modules = [one.name for one in pkgutil.walk_packages(safelight.__path__, "safelight.")]
    # First what sets Django up, which the models need.
    context.set_forkserver_preload(["tests.acceptance.commands", *(one for one in modules if "__main__" not in one)])
    return context


def _begin(
    function: Callable[..., None], arguments: tuple[Any, ...], environment: dict[str, str], streams: tuple[Path, ...]
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in enumerate(streams):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    function(*arguments)
