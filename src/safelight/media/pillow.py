"""Frames by Pillow: strict first, and where that fails what can be had, with the reason named."""

from collections.abc import Callable, Iterator, Mapping

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from safelight.media.decoding import DECODER_ERRORS, as_file, bounded_count, check_size, decoder_settings, reason
from safelight.media.pixels import rgb_and_alpha
from safelight.media.png import mend_checksums
from safelight.media.types import Frame, FrameSource, Kind, PictureLimits, UnreadablePictureError

# The plug-ins' own classes, not Image.open: that imports plug-ins on demand and would try every other format too.
_READERS: Mapping[Kind, Callable[..., ImageFile.ImageFile]] = {
    Kind.JPEG: JpegImageFile,
    Kind.PNG: PngImageFile,
    Kind.GIF: GifImageFile,
    Kind.WEBP: WebPImageFile,
    Kind.BMP: BmpImageFile,
    Kind.TIFF: TiffImageFile,
    Kind.AVIF: AvifImageFile,
    Kind.JPEG2000: Jpeg2KImageFile,
}
Image.preinit()
_ROWS_WANTED = 4


class PillowFrames(FrameSource):
    """The frames of one file that Pillow reads, each as it is shown (animations fully composed)."""

    def __init__(self, view: memoryview, kind: Kind, limits: PictureLimits) -> None:
        """Open the file, which reads its header only.

        Raises:
            UnreadablePictureError: The header cannot be read, or claims more pixels than `limits` allow.
        """
        self._view, self._kind, self._limits = view, kind, limits
        self._tolerant = False
        self.count = 1
        self.image = self._open_somehow()
        self._fresh = True
        check_size(self.image.size, limits)

    @property
    def claimed(self) -> int:
        """How many frames the decoder itself counts; only WebP and AVIF say so without reading the whole file."""
        return int(getattr(self.image, "n_frames", 1))

    def plan(self, claimed: int) -> int:
        """Set how many frames to read, `claimed` or fewer where the limits demand it. Returns that number."""
        self.count = bounded_count(claimed, self.image.size, self._limits)
        return self.count

    def __iter__(self) -> Iterator[Frame]:
        """Decode one frame after the other; `damaged` says what was wrong."""
        image = self.image if self._fresh else self._open()
        self._fresh = False
        for index in range(self.count):
            try:
                frame = self._frame(image, index)
            except (*DECODER_ERRORS, UnreadablePictureError) as error:
                self._note(index, reason(error))
                rescued = self._rescue(index)
                if rescued is None:
                    return
                image, frame = rescued
            yield frame

    def _frame(self, image: ImageFile.ImageFile, index: int) -> Frame:
        with decoder_settings(tolerant=self._tolerant):
            if index:
                image.seek(index)
                check_size(image.size, self._limits)
            image.load()
            if self._tolerant and index == 0:
                _check_rows(image)
            rgb, alpha = rgb_and_alpha(image)
        return Frame(index, rgb, alpha)

    def _rescue(self, index: int) -> tuple[ImageFile.ImageFile, Frame] | None:
        """Decode `index` tolerantly, from a fresh start; None where nothing came of a later frame.

        Raises:
            UnreadablePictureError: It is the first frame, and no pixels came out.
        """
        if not self._tolerant:
            self._grow_tolerant()
            try:
                image = self._open()
                return image, self._frame(image, index)
            except (*DECODER_ERRORS, UnreadablePictureError) as error:
                self._note(index, reason(error))
        if index == 0:
            raise UnreadablePictureError(f"no pixels could be decoded: {self.damaged}")
        return None

    def _note(self, index: int, why: str) -> None:
        if self.damaged is None:
            self.damaged = why if self.count == 1 else f"frame {index + 1} of {self.count}: {why}"

    def _open(self) -> ImageFile.ImageFile:
        with decoder_settings(tolerant=self._tolerant):
            return _READERS[self._kind](as_file(self._view))

    def _grow_tolerant(self) -> None:
        """From now on decode what is there, whatever is wrong with the rest."""
        self._tolerant = True
        if self._kind is Kind.PNG:
            self._view = memoryview(mend_checksums(self._view))

    def _open_somehow(self) -> ImageFile.ImageFile:
        try:
            return self._open()
        except DECODER_ERRORS as error:
            self.damaged = reason(error)
        self._grow_tolerant()
        try:
            return self._open()
        except DECODER_ERRORS as error:
            raise UnreadablePictureError(f"not a readable {self._kind.value} picture: {reason(error)}") from error


def _check_rows(image: Image.Image) -> None:
    """A damaged picture counts only where some rows came out: what was never decoded is zero."""
    box = image.getbbox(alpha_only=False)
    if box is None or box[3] < min(_ROWS_WANTED, image.height):
        raise UnreadablePictureError("the file ends before its pixels")
