"""The reference pictures decode to Pillow's pixels, and the eight turned versions are what they say."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.media.picture import open_picture
from safelight.media.sniff import sniff

REFERENCE = os.environ.get("SAFELIGHT_REFERENCE_DATA")
pytestmark = pytest.mark.skipif(not REFERENCE, reason="SAFELIGHT_REFERENCE_DATA names no folder of reference data")
PICTURES = sorted(path for path in Path(REFERENCE, "pdq").rglob("*.*g") if path.is_file()) if REFERENCE else []


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pixels_equal_pillows(path: Path) -> None:
    content = path.read_bytes()
    opened = open_picture(content, sniff(content))
    (frame,) = opened.frames
    picture = Image.open(io.BytesIO(content))
    assert opened.size == picture.size
    assert opened.frames.damaged is None
    assert opened.metadata.problems == []
    np.testing.assert_array_equal(frame.rgb, np.asarray(picture.convert("RGB")))


def test_reference_pictures_are_there() -> None:
    assert len(PICTURES) >= 20
