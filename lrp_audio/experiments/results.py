"""Results of an experiment, as files: JSON, CSV, Markdown tables and a figure."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrp_audio.commands.text import printable
from lrp_audio.drawing.style import encoded
from lrp_audio.files import staged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ResultRow = Mapping[str, Any]
"""Values by column."""


@dataclass(frozen=True)
class ResultTable:
    """Rows of cells under a `title`, with a sentence, `reading`, that says how to read them."""

    title: str
    reading: str
    rows: Sequence[ResultRow]

    def markdown(self) -> str:
        """The table as Markdown; numbers are flush right."""
        columns = list(self.rows[0])
        numeric = {c for c in columns if isinstance(self.rows[0][c], int | float)}
        lines = [
            columns,
            ["---:" if c in numeric else "---" for c in columns],
            *([_cell(row[c]) for c in columns] for row in self.rows),
        ]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {self.title}\n\n{self.reading}\n\n{table}\n"


@dataclass(frozen=True)
class ExperimentResults:
    """Results to `save`: `rows` for the CSV, one a measurement; `tables` that summarise them.

    `draw` draws the figure, whose `size` is in inches.
    """

    tables: Sequence[ResultTable]
    rows: Sequence[ResultRow]
    draw: Callable[["Figure"], None]
    size: tuple[float, float] = (10.0, 4.0)

    def markdown(self) -> str:
        """All tables as Markdown."""
        return "\n".join(table.markdown() for table in self.tables)

    def save(self, folder: Path, name: str, settings: Mapping[str, Any]) -> None:
        """Write ``results.json``, ``NAME.csv``, ``NAME.md``, ``NAME.png`` and ``NAME.pdf``.

        `name` is the experiment's; `settings` go into the JSON. Either all files are written or
        none.
        """
        content = {
            "experiment": name,
            "settings": settings,
            "tables": [{"title": t.title, "rows": t.rows} for t in self.tables],
            "rows": self.rows,
        }
        with staged(folder) as aside:
            text = json.dumps(content, indent=1, default=str, allow_nan=False)
            (aside / "results.json").write_text(f"{text}\n", encoding="utf-8")
            # A file name may hold bytes that are not text: they are escaped.
            for suffix, shown in (("csv", _csv(self.rows)), ("md", self.markdown())):
                escaped = shown.encode("utf-8", "backslashreplace")
                (aside / f"{name}.{suffix}").write_bytes(escaped)
            figure = self._figure()
            for suffix in ("png", "pdf"):
                (aside / f"{name}.{suffix}").write_bytes(encoded(figure, suffix, dpi=150))

    def _figure(self) -> "Figure":
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=self.size, layout="constrained")
        FigureCanvasAgg(figure)
        with rc_context({"pdf.fonttype": 42}):
            self.draw(figure)
        return figure


def _csv(rows: Sequence[ResultRow]) -> str:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "" if value is None else printable(value).replace("|", r"\|")
