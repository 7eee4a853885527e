"""What a process loads before its first explanation: nothing that the explanation does not use."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

EXPLAIN = """
import lrp_audio
lrp_audio.load("audionet-digit").explain(lrp_audio.example())
"""
COMMAND = """
from lrp_audio.explain import main
assert main(["--out", {folder!r}]) == 0
"""
LOADED = """
import sys
print(*sys.modules, sep="\\n", file=sys.stderr)
"""


def modules_of(code: str) -> set[str]:
    """The modules that a new process has loaded after `code`."""
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def packages(modules: set[str]) -> set[str]:
    """The packages of `modules` that this project or one of its extras depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    of_extras = (name for extra in project["optional-dependencies"].values() for name in extra)
    named = [*project["dependencies"], *of_extras]
    names = {name.split(">")[0].split("=")[0].split("[")[0].strip() for name in named}
    assert {"numpy", "matplotlib", "onnx"} <= names
    return {module.partition(".")[0] for module in modules} & names


def subpackages(modules: set[str], package: str) -> set[str]:
    """The public modules of `package` among `modules`, besides ``version``."""
    inside = {m.split(".")[1] for m in modules if m.startswith(f"{package}.")}
    return {name for name in inside if not name.startswith("_")} - {"version"}


def test_importing_the_package_loads_no_other() -> None:
    assert packages(modules_of("import lrp_audio")) == set()


@pytest.fixture(scope="module")
def compiled() -> None:
    """The kernels of an explanation are in numba's cache."""
    modules_of(EXPLAIN)


@pytest.mark.usefixtures("compiled")
def test_an_explanation_loads_neither_drawing_nor_scipys_parts_nor_numbas_compiler() -> None:
    modules = modules_of(EXPLAIN)
    # numba imports scipy to ask for its version.
    assert packages(modules) == {"numpy", "numba", "threadpoolctl", "soundfile", "scipy"}
    assert subpackages(modules, "scipy") == set()
    assert "numba.np.linalg" not in modules


@pytest.mark.usefixtures("compiled")
def test_the_explain_command_loads_only_what_its_files_need(tmp_path: Path) -> None:
    modules = modules_of(COMMAND.format(folder=str(tmp_path)))
    needed = {"numpy", "numba", "threadpoolctl", "soundfile", "scipy", "matplotlib", "jinja2"}
    assert packages(modules) == needed | {"tqdm"}
    assert subpackages(modules, "scipy") == set()
    assert {"numba.np.linalg", "matplotlib.pyplot", "joblib"}.isdisjoint(modules)
