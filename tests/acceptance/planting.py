"""Plants plainly invented values in a data folder, as people would bring them in, and looks for them everywhere."""

import base64
import io
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import iglob
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image

from safelight.samples.archives import ZipEntry, write_zip
from safelight.samples.exif import Camera, write_exif
from tests.acceptance import planted_state
from tests.acceptance.commands import Command
from tests.acceptance.forks import said_by

SPILL = Path(__file__).with_name("spill")
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/">'
    '<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><xmpGImg:image>{}</xmpGImg:image></rdf:li></rdf:Alt>'
    "</xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def mark(word: str) -> str:
    """A text that stands nowhere else."""
    return f"{word}-{secrets.token_hex(6)}"


@dataclass
class Planted:
    """Where the invented things lie, and every value that was planted, by what it is."""

    folder: Path
    sealed: dict[str, bytes] = field(default_factory=dict)
    working: dict[str, bytes] = field(default_factory=dict)
    laid_aside: dict[str, bytes] = field(default_factory=dict)
    """What lies as it is in an unnamed file of `tmp/` while an archive is walked: see the limits in the threat model."""

    @property
    def seizure(self) -> Path:
        return next((self.folder / "seizure").iterdir())

    @property
    def known(self) -> Path:
        return next((self.folder / "known").iterdir())

    def secret(self, what: str, word: str) -> str:
        """A text that has to be sealed."""
        made = mark(word)
        self.sealed[what] = made.encode()
        return made

    def plain(self, what: str, word: str) -> str:
        """A text that may stand in clear."""
        made = mark(word)
        self.working[what] = made.encode()
        return made


def plant(folder: Path) -> Planted:
    """A seizure with marks in pixels, thumbnails and archives, and a list with marks in every column that speaks."""
    planted = Planted(folder)
    seizure = folder / "seizure" / planted.plain("path of a seized file", "Shelf")
    seizure.mkdir(parents=True)
    (folder / "known").mkdir()
    (seizure / "marked.tif").write_bytes(_marked_picture(planted))
    (seizure / "harbour.jpg").write_bytes(_photograph(planted))
    lake = _jpeg(secrets.randbits(32)) + secrets.token_bytes(1 << 18)  # so that it is stored, not deflated
    planted.laid_aside["picture in an archive in an archive"] = lake[-300:-240]
    inner = write_zip([ZipEntry(b"lake.jpg", lake)])
    (seizure / "boxes.zip").write_bytes(write_zip([ZipEntry(b"inner.zip", inner), ZipEntry(b"lane.jpg", _jpeg(4))]))
    (seizure / "note.html").write_text(
        f"<p>{planted.secret('text beside media', 'meadow')} <a href='https://{planted.secret('address in a text', 'pond')}"
        f".example/'>x</a><p>user: {planted.secret('account in a text', 'robin')}"
    )
    (seizure / "letter.eml").write_text(
        f"From: kim@{planted.secret('address in a mail', 'lane')}.example\nTo: robin@beta.example\n"
        f"Subject: {planted.secret('subject of a mail', 'harbour')}\nDate: Sat, 14 Mar 2026 12:00:00 +0100\n\n"
        f"{planted.secret('text of a mail', 'lantern')}\n"
    )
    (seizure / "broken.jpg").write_bytes(_jpeg(5)[:600])
    listed = {kind: secrets.token_bytes(size) for kind, size in (("md5", 16), ("sha1", 20), ("sha256", 32))}
    planted.sealed |= {f"{kind} of a list": value for kind, value in listed.items()}
    planted.sealed["PDQ of a list"] = secrets.token_bytes(32)
    words = [
        *(listed[kind].hex() for kind in ("md5", "sha1", "sha256")),
        planted.sealed["PDQ of a list"].hex(),
        "100",
        planted.secret("name of a series", "Series"),
        planted.secret("comment of a list", "comment"),
        planted.secret("reference of a list", "reference"),
        planted.secret("agency of a list's row", "Agency"),
        planted.secret("tag of a list", "tag"),
        planted.secret("PhotoDNA value of a list, which is opaque", "opaque"),
    ]
    refused = f"no-digest,{planted.secret('row in quarantine', 'refused')}" + "," * 9
    seen = f",,{sha256((seizure / 'harbour.jpg').read_bytes()).hexdigest()}" + "," * 8
    head = "md5,sha1,sha256,pdq,quality,series,comment,external_id,agency,tags,photodna"
    name = planted.plain("name of a list", "demo-not-for-use-list")
    (folder / "known" / f"{name}.csv").write_text("\n".join([head, ",".join(words), seen, refused, ""]))
    return planted


def _scene(seed: int, height: int = 256, width: int = 320) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def _jpeg(seed: int, **more: object) -> bytes:
    out = io.BytesIO()
    _scene(seed).save(out, "JPEG", quality=85, **more)
    return out.getvalue()


def _marked_picture(planted: Planted) -> bytes:
    """A TIFF whose pixels lie in it as they are, so that the mark is in its bytes and in what is decoded."""
    pixels = np.array(_scene(secrets.randbits(32)))
    planted.sealed["pixels"] = secrets.token_bytes(48)
    pixels[7, 40:56] = np.frombuffer(planted.sealed["pixels"], np.uint8).reshape(16, 3)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "TIFF")
    assert planted.sealed["pixels"] in out.getvalue()
    return out.getvalue()


def _photograph(planted: Planted) -> bytes:
    """A JPEG with a thumbnail in its EXIF and another in its XMP."""
    thumbnails = []
    for place in ("EXIF", "XMP"):
        out = io.BytesIO()
        _scene(secrets.randbits(32), 48, 64).save(out, "JPEG", quality=60)
        thumbnails.append(out.getvalue())
        planted.sealed[f"thumbnail in {place}"] = out.getvalue()[-60:-20]
    camera = Camera(make=planted.plain("EXIF: camera", "Lantern"), taken="2021:06:05 14:03:22")
    planted.working["EXIF: date"] = b"2021:06:05 14:03:22"
    packet = _XMP.format(base64.b64encode(thumbnails[1]).decode()).encode()
    return _jpeg(secrets.randbits(32), exif=write_exif(camera, thumbnail=thumbnails[0]), xmp=packet)


def spellings(value: bytes) -> Iterator[bytes]:
    """A value as it would lie anywhere in clear: itself, in hex, in base64 wherever in a longer text it began."""
    yield value
    yield value.hex().encode()
    yield value.hex().upper().encode()
    for skipped in range(3):
        whole = base64.b64encode(bytes(skipped) + value)
        # What hangs on the neighbours' bits is left out at both ends.
        cut = whole[(0, 2, 3)[skipped] : len(whole) // 4 * 4 - (0 if (skipped + len(value)) % 3 == 0 else 4)]
        yield cut
        yield cut.translate(bytes.maketrans(b"+/", b"-_"))


def found_in(content: bytes, values: Mapping[str, bytes]) -> set[str]:
    """The names of the values that lie in this content, however they are spelled."""
    dense = re.sub(rb"\0{64,}", bytes(16), content)  # a database's files are mostly empty
    return {name for name, value in values.items() if any(one in dense for one in set(spellings(value)))}


class Watched(Command):
    """A command of which every file is looked at: those it writes, and those open below the data folder meanwhile."""

    def __init__(self, *arguments: object, data: Path, spilled: Path, settings: Mapping[str, str]) -> None:
        spilled.mkdir(exist_ok=True)
        paths = [str(SPILL), *filter(None, [os.environ.get("PYTHONPATH")])]
        more = {"SPILL": str(spilled), "PYTHONPATH": os.pathsep.join(paths)}
        super().__init__(*arguments, settings={**settings, **more})
        self.data, self.fleeting = data, {}

    def watch(self) -> None:
        """Until it ends: keep what every process of this machine has open below the data folder without a name."""
        while self.running():
            for link in iglob("/proc/[0-9]*/fd/*"):  # which passes over processes that end
                try:
                    name = os.readlink(link)
                    if name.startswith(f"{self.data}/") and (name.endswith(" (deleted)") or "/tmp/" in name):
                        self.fleeting[name] = Path(link).read_bytes()
                except OSError:  # closed or ended meanwhile
                    continue
            time.sleep(0.05)


def told(data: Path, key_file: Path, what: str, *words: object) -> str:
    """What a function of `planted_state` says of a data folder, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "PG"))}
    return said_by(planted_state.main, what, data, key_file, *map(str, words), environment=environment)


def opened(data: Path, key_file: Path) -> dict[str, bytes]:
    """Every digest, hash and small picture that is recorded, opened with the node's keys."""
    return {name: bytes.fromhex(value) for name, value in json.loads(told(data, key_file, "open")).items()}
