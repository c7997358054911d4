"""The start of a job's process: Django first, then the job's module; an error of ours ends it in one sentence."""

import importlib
import sys

from safelight.errors import SafelightError
from safelight.platform.database import set_up_django


def main(module: str, *words: str) -> int:
    """Run `main` of this module; return the status."""
    set_up_django()
    try:
        importlib.import_module(module).main(*words)
    except SafelightError as error:
        sys.stderr.write(f"safelight: {error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
