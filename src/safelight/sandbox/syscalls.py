"""The system calls that a worker may make; all others answer "not permitted".

A worker computes on memory and talks over one socket that it was born with. It needs no path, no new socket, no new
process, no other process's memory, and no memory that is both new and executable.
"""

import errno

try:
    import pyseccomp
except (ImportError, OSError, RuntimeError):  # the wrapper says so in several ways where libseccomp is not installed
    pyseccomp = None

ALLOWED = (
    # its socket and the content it was handed
    "read", "readv", "pread64", "write", "writev", "lseek", "close", "recvmsg", "recvfrom", "sendmsg", "sendto",
    "poll", "ppoll",
    # memory
    "brk", "munmap", "mremap", "madvise", "mincore",
    # threads inside the worker (a HEIC decoder wants one), locks, signals
    "futex", "futex_waitv", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "gettid", "getpid", "exit",
    "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    # the clock, randomness, its own accounts
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
    "getrandom", "getrusage", "times",
)  # fmt: skip
_EXECUTABLE = 0x4
_CLONE_THREAD = 0x10000
_FCNTL_COMMANDS = (1, 3, 1030, 1034)
"""F_GETFD, F_GETFL, F_DUPFD_CLOEXEC (a mapping keeps a handle of its own), F_GET_SEALS."""


def available() -> bool:
    """Tell whether libseccomp can be used here."""
    return pyseccomp is not None


def load_filter() -> bool:
    """Load the filter into this process, for good; False where libseccomp or the kernel cannot."""
    if pyseccomp is None:
        return False
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(errno.EPERM))
    for name in ALLOWED:
        rules.add_rule(pyseccomp.ALLOW, name)
    for name in ("mmap", "mprotect"):
        rules.add_rule(pyseccomp.ALLOW, name, pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _EXECUTABLE, 0))
    rules.add_rule(pyseccomp.ALLOW, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
    rules.add_rule(
        pyseccomp.ERRNO(errno.ENOSYS), "clone3"
    )  # its flags cannot be seen: the C library falls back to clone
    for command in _FCNTL_COMMANDS:
        rules.add_rule(pyseccomp.ALLOW, "fcntl", pyseccomp.Arg(1, pyseccomp.EQ, command))
    try:
        rules.load()
    except OSError:
        return False
    return True
