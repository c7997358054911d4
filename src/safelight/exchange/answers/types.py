"""Media types (IANA) of what a check tells by content."""

from safelight.casework.report.model import ReportItem

_PICTURES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "heif": "image/heic",
    "avif": "image/avif",
}
_CONTAINERS = {
    "ftyp(qt": "video/quicktime",
    "ftyp(3g": "video/3gpp",
    "ftyp(": "video/mp4",
    "EBML[DocType(webm": "video/webm",
    "EBML[": "video/matroska",
    "RIFF(AVI": "video/vnd.avi",
    "Header[": "video/x-ms-asf",
}


def media_type(item: ReportItem) -> str | None:
    """The media type of a picture or video; None where it cannot be told."""
    if item.format == "video":
        boxes = item.metadata.get("container", "")
        return next((kind for begins, kind in _CONTAINERS.items() if boxes.startswith(begins)), None)
    return _PICTURES.get(item.format or "")
