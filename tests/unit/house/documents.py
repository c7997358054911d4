"""House rules for documents: what they name must exist, and nothing in them ties the project to one machine.

Each takes text and answers findings; test_documents.py shows each a wrong example.
"""

import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import click

# Sites that documents may point at: publishers of standards, licences and the works we stand on. Addresses of
# registries and of machines have no business in a repository: they change, and they tell who works where.
KNOWN_SITES = frozenset(
    {
        "apache.org",
        "c2sp.org",
        "creativecommons.org",
        "cyclonedx.org",
        "datatracker.ietf.org",
        "docs.python.org",
        "github.com",
        "iptc.org",
        "json-schema.org",
        "keepachangelog.com",
        "ns.adobe.com",
        "ns.useplus.org",
        "purl.org",
        "semver.org",
        "www.apache.org",
        "www.gnu.org",
        "www.interpol.int",
        "www.postgresql.org",
        "www.projectvic.org",
        "www.rfc-editor.org",
        "www.w3.org",
    }
)

_SITE = re.compile(r"https?://([\w.-]+)")
_HOME = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w+")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_REQUIREMENT = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?!\S| ; sys_platform == 'win32'| ; platform_python_implementation == 'PyPy')",
    re.MULTILINE,
)


def strange_sites(text: str, known: Collection[str] = KNOWN_SITES) -> Iterator[str]:
    """Addresses outside the list of sites that documents may point at."""
    for site in _SITE.findall(text):
        if site not in known and not site.endswith((".example", ".test", ".invalid")):
            yield f"{site} is not among the sites that this repository points at (KNOWN_SITES)"


def home_folders(text: str) -> Iterator[str]:
    """Paths into somebody's home folder."""
    for path in _HOME.findall(text):
        yield f"{path} is a path of one machine"


def checkout_paths(text: str, checkout: Path) -> Iterator[str]:
    """The path at which this checkout happens to lie."""
    if str(checkout) in text:
        yield f"{checkout} is where this checkout lies"


def dead_links(text: str, folder: Path) -> Iterator[str]:
    """Relative links to files that are not there."""
    for target in _LINK.findall(text):
        path = target.split("#")[0]
        if path and not re.match(r"^[a-z]+:", path) and not (folder / path).exists():
            yield f"link to {path}, which does not exist"


def typed(text: str, program: str) -> Iterator[str]:
    """What a document tells a reader to type: lines of code blocks and inline code that begin with a program."""
    blocks = "\n".join(_FENCE.findall(text)).replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in blocks.splitlines()]
    lines += _INLINE.findall(_FENCE.sub("", text))
    for line in lines:
        words = line.split("  # ")[0].removeprefix(".venv/bin/")
        if words == program or words.startswith(program + " "):
            yield words


def _without_options(command: click.Command, words: list[str]) -> tuple[list[str], list[str]]:
    """Leading options of a group with their values taken off: (the words left, options unknown to the command)."""
    known = {name: option for option in command.params if isinstance(option, click.Option) for name in option.opts}
    unknown: list[str] = []
    while words and words[0].startswith("-"):
        name, _, value = words.pop(0).partition("=")
        option = known.get(name)
        if option is None and name != "--help":
            unknown.append(name)
        elif option is not None and not option.is_flag and not value and words:
            words.pop(0)
    return words, unknown


def _problems(words: list[str], command: click.Command) -> Iterator[str]:
    """What a command line asks for that a command does not have."""
    while isinstance(command, click.Group):
        words, unknown = _without_options(command, words)
        if unknown:
            yield f"no option {unknown[0]}"
            return
        if not words:
            return
        name, words = words[0], words[1:]
        found = command.get_command(click.Context(command), name)
        if found is None:
            yield f"no command {name}"
            return
        command = found
    options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    for word in words:
        if word.startswith("--") and word.partition("=")[0] not in options:
            yield f"no option {word}"


def unknown_commands(text: str, main: click.Group) -> Iterator[str]:
    """Commands or options in a document that the program does not have."""
    for line in typed(text, "safelight"):
        words = shlex.split(re.sub(r"[\[\]…|]", " ", line))[1:]
        yield from (f"`{line}`: {problem}" for problem in _problems(words, main))


def unknown_targets(text: str, makefile: str) -> Iterator[str]:
    """`make` targets in a document that the Makefile does not have."""
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for line in typed(text, "make"):
        for word in shlex.split(line)[1:]:
            if re.fullmatch(r"[a-z-]+", word) and word not in targets:
                yield f"`{line}`: no target {word}"


def requirements(text: str) -> dict[str, str]:
    """Names and versions of a requirements file, less what only another operating system or Python needs."""
    return dict(_REQUIREMENT.findall(text))


def unlisted(names: Collection[str], text: str) -> Iterator[str]:
    """Names that a document should carry in a table, in backticks, and does not."""
    listed = {word.lower() for word in _INLINE.findall(text)}
    yield from (f"{name} is not listed" for name in sorted(names) if name.lower() not in listed)


def record_problems(text: str, root: Path, *, screen: int = 60) -> Iterator[str]:
    """A decision record that is longer than a screen, or does not name the check that holds it."""
    if text.count("\n") > screen:
        yield f"{text.count(chr(10))} lines: a record fits one screen of {screen}"
    _, found, held = text.partition("## Held by\n")
    named = [word for word in _INLINE.findall(held) if "/" in word or word.endswith((".py", ".toml"))]
    if not found or not named:
        yield "names no check that holds it (a section 'Held by' with the file of a check)"
    yield from (
        f"is held by {path}, which does not exist" for path in named if not (root / path.split("::")[0]).exists()
    )


def out_of_step(bill: Mapping[str, str], locked: Mapping[str, str]) -> Iterator[str]:
    """Differences between a bill of materials and the requirements it was made from."""
    for name in sorted(bill.keys() | locked.keys()):
        if bill.get(name) != locked.get(name):
            yield f"{name}: {bill.get(name)} in the bill, {locked.get(name)} in the requirements (make sbom)"
