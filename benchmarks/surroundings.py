"""Where a benchmark ran: the machine and the commit, in words for its results."""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORES = len(os.sched_getaffinity(0))


def make_node(data: Path) -> None:
    """Make a node in a data folder; every command of this process finds what unlocks it, a key file beside."""
    os.environ["SAFELIGHT_KEY_FILE"] = str(data.with_name(f"{data.name}.key"))
    command = [sys.executable, "-c", "from safelight.cli import main; main()", "--data", str(data), "node", "create"]
    subprocess.run([*command, "bench.example"], capture_output=True, check=True)


def machine() -> str:
    """Processor, cores, memory, system."""
    named = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    cpu = named[0].split(":")[1].strip() if named else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{cpu}, {CORES} cores, {memory:.0f} GiB, {kernel}, Python {platform.python_version()}"


def commit() -> str:
    """The commit that ran, and whether the tree differed from it."""
    said = [
        subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False).stdout.strip()
        for words in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "src"))
    ]
    return (said[0] or "unknown") + (" with changes" if said[1] else "")
