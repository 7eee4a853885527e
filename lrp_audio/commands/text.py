"""Text for a terminal: control characters escaped, and tables."""

from collections.abc import Sequence


def printable(text: object) -> str:
    """`text` on one line, with line breaks and control characters, as of file names, escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows as lines: the first ``left`` columns flush left, the others (numbers) flush right.

    Cells are made `printable`, since they may hold any names.
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
