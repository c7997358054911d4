"""Positions in decimal degrees, with the errors that writers make named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from safelight.media.exif import read_exif
from safelight.media.text import Problems


def read(fields):
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8825).update(fields)
    problems = Problems()
    return read_exif(memoryview(exif.tobytes()[6:]), problems).gps, problems.sentences


def place(north="N", east="E", **more):
    return {1: north, 2: (52.0, 30.0, 36.0), 3: east, 4: (13.0, 24.0, 0.0), **more}


@pytest.mark.parametrize(
    ("north", "east", "latitude", "longitude"),
    [("N", "E", 52.51, 13.4), ("S", "W", -52.51, -13.4), ("s", "e", -52.51, 13.4)],
)
def test_degrees_minutes_and_seconds(north: str, east: str, latitude: float, longitude: float) -> None:
    gps, problems = read(place(north, east))
    assert (gps.latitude, gps.longitude) == pytest.approx((latitude, longitude))
    assert problems == []


@pytest.mark.parametrize(
    ("north", "taken", "sign"), [("South", "S", -1), ("0", "N", 1), ("", "N", 1), ("\x01", "N", 1), ("E", "N", 1)]
)
def test_references_that_are_no_letter_are_named(north: str, taken: str, sign: int) -> None:
    gps, problems = read(place(north))
    assert gps.latitude == pytest.approx(sign * 52.51)
    assert len(problems) == 1
    assert problems[0].endswith(f"is no compass letter: taken as {taken}")


def test_altitude_and_time() -> None:
    gps, _ = read(place() | {5: b"\x01", 6: IFDRational(25, 2), 7: (1.0, 2.0, 3.5), 29: "2031:05:06"})
    assert gps.altitude == -12.5
    assert gps.time == "2031:05:06 01:02:3.5"


def test_no_minutes_written_as_zero_divisors() -> None:
    gps, problems = read(place() | {2: (IFDRational(525, 10), IFDRational(0, 0), IFDRational(0, 0))})
    assert gps.latitude == 52.5
    assert problems == []


@pytest.mark.parametrize("latitude", [(IFDRational(0, 0),) * 3, (91.0, 0.0, 0.0)])
def test_what_is_no_position_is_left_out_and_named(latitude) -> None:
    gps, problems = read(place() | {2: latitude})
    assert gps is None
    assert len(problems) == 1


def test_no_position_is_no_problem() -> None:
    assert read({29: "2031:05:06"}) == (None, [])


@given(st.integers(0, 89), st.integers(0, 59), st.integers(0, 5999))
def test_any_position_survives(degrees: int, minutes: int, hundredths: int) -> None:
    gps, _ = read(place() | {2: (degrees, minutes, IFDRational(hundredths, 100))})
    assert gps.latitude == pytest.approx(degrees + minutes / 60 + hundredths / 360_000, abs=1e-9)
