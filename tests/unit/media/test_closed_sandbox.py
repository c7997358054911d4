"""Nothing is imported while a picture is decoded: once the sandbox is closed, nothing could be."""

import json
import subprocess
import sys

import pytest

from tests.unit.media.making import still_in_every_format

PROBE = """
import json, sys
from safelight.media.compiled import warm_up
from safelight.media.picture import open_picture
from safelight.media.sniff import sniff
from safelight.media.types import UnreadablePictureError
from pathlib import Path

contents = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
warm_up()
before = set(sys.modules)
for content in contents:
    for size in (len(content), len(content) * 7 // 10):
        try:
            list(open_picture(content[:size], sniff(content[:size])).frames)
        except UnreadablePictureError:
            pass
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture
def folder(tmp_path):
    for name, content in still_in_every_format().items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_decoding_imports_nothing(folder) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, str(folder)], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == []
