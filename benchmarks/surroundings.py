"""Where a benchmark ran: the machine and the commit, in words for its results; and the page that these stand on."""

import os
import platform
import subprocess
import sys
from pathlib import Path

from safelight.platform.clock import now

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


class Page:
    """What a benchmark says: on the terminal as it goes, and in a file of `benchmarks` when it is done."""

    def __init__(self, title: str) -> None:
        """Begin a page; the command is this process's own."""
        command = " ".join([f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
        self._lines = [
            f"# {title}\n",
            f"- When: {now():%Y-%m-%d %H:%M} UTC",
            f"- Commit: {commit()}",
            f"- Machine: {machine()}",
            f"- Command: `{command}`\n",
        ]

    def line(self, text: str) -> None:
        """Say a line."""
        print(text, flush=True)
        self._lines.append(text)

    def write(self, name: str) -> None:
        """Write the page under this name."""
        out = ROOT / "benchmarks" / name
        out.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        print(out)
