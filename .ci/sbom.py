"""Write the bill of materials of what is installed at run time: python .ci/sbom.py REQUIREMENTS OUT.

cyclonedx-py lists the whole environment; kept is what the requirements file names, without addresses (they tell where
a package was fetched from, not what it is) and without anything that differs from one machine to the next.
"""

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any


def installed() -> dict[str, Any]:
    """List this environment as CycloneDX 1.6."""
    tool = Path(sysconfig.get_path("scripts")) / "cyclonedx-py"
    command = [sys.executable, str(tool), "environment", "--output-reproducible", "--sv", "1.6", sys.executable]
    bill: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return bill


def named(requirements: str) -> set[str]:
    """Names in a requirements file that are installed on Linux, under CPython."""
    lines = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+(.*)", requirements, re.MULTILINE)
    return {name for name, rest in lines if "win32" not in rest and "== 'PyPy'" not in rest}


def plain(name: str) -> str:
    """Return a package's name as requirements files spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def slim(part: dict[str, Any]) -> dict[str, Any]:
    """Return a component with what says what it is and under which licence."""
    return {
        key: part[key]
        for key in ("bom-ref", "type", "name", "version", "description", "licenses", "purl")
        if key in part
    }


def make(bill: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return the bill of the named components, with Safelight as the thing they make up."""
    parts = [slim(part) for part in bill["components"] if plain(part["name"]) in names]
    (ours,) = [slim(part) for part in bill["components"] if part["name"] == "safelight"]
    kept = {part["bom-ref"] for part in [*parts, ours]}
    edges = [edge for edge in bill["dependencies"] if edge["ref"] in kept]
    for edge in edges:
        edge["dependsOn"] = [ref for ref in edge.get("dependsOn", []) if ref in kept]
    head = {key: bill[key] for key in ("$schema", "bomFormat", "specVersion", "version")}
    return head | {"metadata": {"component": ours}, "components": parts, "dependencies": edges}


def main(requirements: Path, out: Path) -> int:
    """Write the bill; say what is missing where the environment lacks something."""
    names = named(requirements.read_text(encoding="utf-8"))
    bill = make(installed(), names)
    if missing := names - {plain(part["name"]) for part in bill["components"]}:
        print(f"sbom: not installed: {', '.join(sorted(missing))}; run make setup", file=sys.stderr)
        return 1
    out.write_text(json.dumps(bill, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"sbom: {len(bill['components'])} components in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
