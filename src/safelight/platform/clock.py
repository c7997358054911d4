"""The only place that asks what time it is; everything else takes a moment as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock that the ban points to
