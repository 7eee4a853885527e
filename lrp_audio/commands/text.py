"""Text for a terminal: names that cannot command it, and tables."""

from collections.abc import Sequence


def printable(text: object) -> str:
    """`text` on one line: a file name may hold line breaks and what commands a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows as lines: the first ``left`` columns flush left, the others (numbers) flush right.

    Cells may hold any names: they are made `printable`.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
    return "\n".join(lines)
