"""The scripts of .ci, which is no package, as modules."""

import importlib.util
from pathlib import Path
from types import ModuleType

CI = Path(__file__).resolve().parents[3] / ".ci"


def script(name: str) -> ModuleType:
    """Import .ci/NAME.py."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", CI / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
