"""Files beside the documentation as pages of the site, and the links that lead to them.

A page named in `OUTSIDE` takes its text from a file outside ``docs/``. Links are written so that
they work where a file lies, and are changed here to lead to the same thing from its page.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parents[1]
OUTSIDE = {
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
    "security": "SECURITY.md",
    "networks": "weights/README.md",
    "results/speed-against-zennit": "benchmarks/results/latest.md",
    "results/speed-of-shipped-networks": "benchmarks/results/quick.md",
}
"""Pages, and the files of the repository that hold their text."""

TITLES = {
    "results/accuracy": "Accuracy: the tables",
    "results/compare": "Methods compared: the tables",
    "results/flipping": "Flipping: the tables",
    "results/frequency-scaling": "Frequency scaling: the tables",
    "results/sanity": "Sanity: the tables",
    "results/speed-against-zennit": "Speed against zennit: the table",
    "results/speed-of-shipped-networks": "Speed of the shipped networks: the table",
}
"""Titles of pages whose files hold only tables, as a command wrote them."""

_LINK = re.compile(r"(?<=\]\()[^)#\s:]+(?=[)#])")


def linked(text: str, file: Path, page: Path) -> str:
    """`text` of `file` with links that lead to the same files and pages from `page`."""
    pages = {(DOCS.parent / outside).resolve(): name for name, outside in OUTSIDE.items()}

    def from_page(link: re.Match[str]) -> str:
        target = (file.parent / link[0]).resolve()
        if target in pages:
            target = DOCS / f"{pages[target]}.md"
        return Path(os.path.relpath(target, page.parent)).as_posix()

    return _LINK.sub(from_page, text)


def _read(app: "Sphinx", page: str, source: list[str]) -> None:
    path = DOCS / f"{page}.md"
    if page in OUTSIDE:
        file = DOCS.parent / OUTSIDE[page]
        app.env.note_dependency(str(file))
        source[0] = linked(file.read_text(encoding="utf-8"), file, path)
    elif path.exists():
        source[0] = linked(source[0], path, path)
    if page in TITLES:
        source[0] = f"# {TITLES[page]}\n\n{source[0]}"


def setup(app: "Sphinx") -> dict[str, bool]:
    """Change the text of pages as it is read."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
