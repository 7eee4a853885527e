"""The documents of the project, and the blocks of code in them.

A block's language may be followed by the package that its code needs beyond those of the project,
as in ``python torch``.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG", "SECURITY")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))

_BLOCK = re.compile(r"^```([\w ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[str]:
    found = _BLOCK.findall(document.read_text(encoding="utf-8"))
    return [text for name, text in found if name == language]


def rows(document: Path, heading: str) -> list[list[str]]:
    """The cells of the table with that first heading, row by row."""
    lines = document.read_text(encoding="utf-8").splitlines()
    (start,) = (i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def run(code: list[str], document: Path) -> dict[str, object]:
    """Run blocks of Python in order, as one program; returns its names."""
    namespace: dict[str, object] = {"__name__": "document"}
    for number, block in enumerate(code, 1):
        exec(compile(block, f"{document.name}, Python block {number}", "exec"), namespace)
    return namespace
