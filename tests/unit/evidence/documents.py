"""PDF documents of invented content, written here: pages of pictures, lines and words.

`LOCKED` was written so, too, and then encrypted by qpdf 12 (AES-256, R6) under the word `WORD`.
"""

import io
import zlib
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from safelight.samples.pictures import picture

LOCKED = (Path(__file__).parents[2] / "data" / "pdf" / "locked.pdf").read_bytes()
WORD = "a long word"
A, B = (picture(21, number, (240, 160)) for number in range(2))


def saved(image: Image.Image, form: str, **settings) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **settings)
    return out.getvalue()


JPEG, JP2 = saved(A, "JPEG", quality=88), saved(B, "JPEG2000")


def stream(words: str, data: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (words.encode(), len(data), data)


def image_of(data: bytes, kind: str, size: tuple[int, int] = (240, 160)) -> bytes:
    head = f"/Type/XObject/Subtype/Image/Width {size[0]}/Height {size[1]}/ColorSpace/DeviceRGB/BitsPerComponent 8"
    return stream(f"{head}/Filter/{kind}", data)


def flat(image: Image.Image) -> bytes:
    return image_of(zlib.compress(image.tobytes()), "FlateDecode", image.size)


WHOLE = "q 240 0 0 160 0 0 cm /I0 Do Q"
"""A page's content: its first picture over all of it."""
CORNER = "q 60 0 0 40 10 10 cm /I0 Do Q"
WORDS = "BT /F1 24 Tf 20 80 Td (Harbour) Tj ET"


def document(
    pages: Sequence[tuple[str, Sequence[int]]],
    images: Sequence[bytes] = (),
    *,
    box: str = "[0 0 240 160]",
    attached: dict[str, bytes] | None = None,
    count: int | None = None,
) -> bytes:
    """A document: of each page its content, and the numbers of the pictures that it calls I0, I1 ..."""
    objects: list[bytes] = [b"", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", *images]
    kids = []
    for content, used in pages:
        objects.append(stream("", content.encode()))
        names = "".join(f"/I{place} {4 + number} 0 R" for place, number in enumerate(used))
        resources = f"<</Font<</F1 3 0 R>>/XObject<<{names}>>>>"
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents {len(objects)} 0 R/Resources{resources}>>".encode()
        )
    names = ""
    for name, content in (attached or {}).items():
        objects.append(stream("/Type/EmbeddedFile", content))
        objects.append(f"<</Type/Filespec/F({name})/UF({name})/EF<</F {len(objects)} 0 R>>>>".encode())
        names += f"({name}) {len(objects)} 0 R "
    objects[0] = f"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[{names}]>>>>>>".encode()
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids) if count is None else count}>>".encode()
    return written(objects)


def written(objects: Sequence[bytes]) -> bytes:
    """A file of these objects, numbered from 1 on; the first is its catalogue."""
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + end


def bomb() -> bytes:
    """A document whose first page calls itself without end, four times each; the second shows a picture."""
    calls = b"/F Do /F Do /F Do /F Do"
    return written(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 240 160]/Contents 4 0 R/Resources<</XObject<</F 7 0 R>>>>>>",
            stream("", calls),
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 240 160]/Contents 6 0 R/Resources<</XObject<</I0 8 0 R>>>>>>",
            stream("", WHOLE.encode()),
            stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 7 0 R>>>>", calls),
            image_of(JPEG, "DCTDecode"),
        ]
    )
