"""A PostgreSQL that is not ours: Debian's, of the oldest version that serves."""

import os
import pwd
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


def as_server_account(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


@pytest.fixture
def debian_15() -> Iterator[str]:
    """A PostgreSQL 15 of the system, in a folder that its account can reach; its address."""
    if not DEBIAN_15.exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    place = Path("/tmp") / f"sl15-{secrets.token_hex(4)}"
    place.mkdir(mode=0o700)
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(place, account.pw_uid, account.pw_gid)
    initdb = [
        str(DEBIAN_15 / "initdb"),
        "-D",
        f"{place}/c",
        "-U",
        "safelight",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    options = f"-c listen_addresses='' -c unix_socket_directories={place} -c fsync=off"
    control = [str(DEBIAN_15 / "pg_ctl"), "-D", f"{place}/c", "-w", "-l", f"{place}/log"]
    subprocess.run(as_server_account(initdb), check=True, capture_output=True, cwd="/")
    subprocess.run(as_server_account([*control, "-o", options, "start"]), check=True, capture_output=True, cwd="/")
    yield f"postgresql://safelight@/postgres?host={place}"
    subprocess.run(as_server_account([*control, "-m", "immediate", "stop"]), check=True, capture_output=True, cwd="/")
    subprocess.run(["rm", "-r", str(place)], check=True)
