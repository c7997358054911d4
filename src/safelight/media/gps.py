"""Where a picture says it was taken: the GPS fields of EXIF (EXIF 2.32 §4.6.6) as decimal degrees.

Writers get the hemisphere wrong (words, blanks, digits: 8 of 44 in one published case file), so a reference that is no
compass letter is tolerated and named: a wrong hemisphere silently believed would send people to the wrong place.
"""

from safelight.media.text import Problems, decode
from safelight.media.tiff import Directory, TiffBlock
from safelight.media.types import Gps

_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE, _ALTITUDE_REF, _ALTITUDE, _TIME = 1, 2, 3, 4, 5, 6, 7
_DATE = 29


def read_gps(tiff: TiffBlock, directory: Directory, problems: Problems) -> Gps | None:
    """Read a GPS directory; None where it has no usable position (why is in `problems` unless there is none at all)."""
    latitude = _degrees(tiff, directory, _LATITUDE, problems)
    longitude = _degrees(tiff, directory, _LONGITUDE, problems)
    if latitude is None or longitude is None:
        return None
    if latitude > 90 or longitude > 180:
        problems.add(f"GPS position {latitude:.6g}, {longitude:.6g} is not on Earth: left out")
        return None
    return Gps(
        latitude=latitude * _sign(directory, _LATITUDE_REF, "NS", problems),
        longitude=longitude * _sign(directory, _LONGITUDE_REF, "EW", problems),
        altitude=_altitude(tiff, directory),
        time=_time(tiff, directory),
    )


def _degrees(tiff: TiffBlock, directory: Directory, tag: int, problems: Problems) -> float | None:
    entry = directory.entries.get(tag)
    if entry is None:
        return None
    parts = tiff.rationals(entry, 3)
    if not parts or parts[0][1] == 0:
        problems.add("GPS position is not a number: left out")
        return None
    # a divisor of 0 after the degrees is how cameras write "no minutes" and "no seconds"
    values = [abs(top / bottom) if bottom else 0.0 for top, bottom in parts]
    return sum((value / scale for value, scale in zip(values, (1.0, 60.0, 3600.0), strict=False)), 0.0)


def _sign(directory: Directory, tag: int, letters: str, problems: Problems) -> int:
    entry = directory.entries.get(tag)
    text = decode(bytes(entry.data[:32])).strip() if entry else ""
    letter = text[:1].upper()
    if text.upper() not in (letters[0], letters[1]):
        axis = "latitude" if letters == "NS" else "longitude"
        taken = letter if letter and letter in letters else letters[0]
        problems.add(f"GPS {axis} reference {text!r} is no compass letter: taken as {taken}")
    return -1 if letter == letters[1] else 1


def _altitude(tiff: TiffBlock, directory: Directory) -> float | None:
    entry = directory.entries.get(_ALTITUDE)
    parts = tiff.rationals(entry, 1) if entry else []
    if not parts or parts[0][1] == 0:
        return None
    metres = parts[0][0] / parts[0][1]
    return -metres if tiff.integer(directory, _ALTITUDE_REF) == 1 else metres


def _time(tiff: TiffBlock, directory: Directory) -> str | None:
    date, clock = directory.entries.get(_DATE), directory.entries.get(_TIME)
    words = [decode(bytes(date.data[:32]))] if date else []
    hours = tiff.numbers(clock, 3) if clock else []
    if len(hours) == 3:
        words.append(":".join(f"{value:02g}" for value in hours))
    return " ".join(words) or None
