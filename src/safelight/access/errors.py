"""What goes wrong where somebody may not."""

from safelight.errors import UsageError


class RefusedError(UsageError):
    """There is no such thing here, or it is not yours to do: ask who grants roles on this node."""


class NotApprovedError(UsageError):
    """No approval stands for exactly this: have it requested and approved (`safelight act request`), and repeat it."""
