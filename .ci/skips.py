"""Fail where a test was skipped for any reason but absent reference data.

Typed as `python .ci/skips.py RESULTS.xml…`, with what `pytest --junitxml` wrote.
A skipped test looks like a passed one in the last line; a wall that is never tried is no wall.
"""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

ALLOWED = "SAFELIGHT_REFERENCE_DATA"


def unexcused(results: str) -> Iterator[str]:
    """Skipped and expected-to-fail tests of a JUnit file whose reason does not name the reference data."""
    # The file was written a moment ago by our own pytest; it is no foreign input.
    for case in ET.fromstring(results).iter("testcase"):  # noqa: S314 - our own file, see above
        for skipped in case.iter("skipped"):
            reason = f"{skipped.get('message', '')} {skipped.text or ''}"
            if ALLOWED not in reason:
                yield f"{case.get('classname')}::{case.get('name')}: {skipped.get('message')}"


def main(paths: list[str]) -> int:
    """Print each; 1 where there is any, or where no test ran at all."""
    found = []
    for path in paths:
        text = Path(path).read_text(encoding="utf-8")
        if "<testcase" not in text:
            found.append(f"{path}: no test ran")
        found += unexcused(text)
    for line in found:
        print(f"skipped without leave: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
