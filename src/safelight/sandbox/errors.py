"""What can go wrong in a sandboxed worker, told by whose doing it was."""

from safelight.errors import CannotRunError, InputError, UsageError


class SandboxError(InputError):
    """The sandboxed worker gave no answer for this input."""

    code = "sandbox"


class TaskFailedError(SandboxError):
    """The task looked at the input and refused it; `code` is the name of its own error class."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class WorkerCrashedError(SandboxError):
    """The worker died while reading this input."""

    code = "crashed"


class WorkerTimedOutError(SandboxError):
    """The worker took longer than the limit and was ended."""

    code = "timed-out"


class ReplyTooLargeError(SandboxError):
    """The worker's answer was longer than the limit, and was thrown away."""

    code = "reply-too-large"


class BadReplyError(SandboxError):
    """The worker's answer is not of the type that it must be."""

    code = "crashed"


class SandboxUnavailableError(CannotRunError):
    """The sandbox could not be set up."""


class LayerMissingError(UsageError):
    """A sandbox layer that the policy demands is not available on this machine."""

    exit_code = 3
