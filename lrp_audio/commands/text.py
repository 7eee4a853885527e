"""Text for a terminal: control characters escaped, and tables."""

from collections.abc import Sequence

_BREAKS = "\n\r\t"


def printable(text: object) -> str:
    """`text` on one line, with line breaks and control characters, as of file names, escaped.

    So are the characters that change the direction of text, that separate lines, or that are
    invisible.
    """
    return "".join(map(_escaped, str(text)))


def harmless(text: str) -> str:
    """`text` with its own line breaks, returns and tabs, and all else escaped as by `printable`."""
    return "".join(c if c in _BREAKS else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


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
