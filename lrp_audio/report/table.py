"""Plain-text tables for the terminal."""

from collections.abc import Sequence

from lrp_audio.rules.ledger import Ledger

_LEDGER_NUMBERS = ("relevance_out", "relevance_in", "bias", "stabiliser", "dropped", "residual")

_LEDGER_NOTE = (
    "bias, stabiliser, dropped: what a rule absorbs by design, see --list-rules; "
    "residual: rounding."
)


def classes_table(ranking: Sequence[tuple[str, float, float]]) -> str:
    """Format (class, logit, probability) triples, best first, as aligned lines."""
    rows = [(name, f"{logit:.3f}", f"{share:.1%}") for name, logit, share in ranking]
    return aligned([("class", "logit", "probability"), *rows], left=1)


def ledger_table(ledger: Ledger, sample: int = 0) -> str:
    """Format one sample's ledger, one line a layer from the output to the input."""
    rows = [
        (str(entry["layer"]), str(entry["rule"]), *(_short(entry[key]) for key in _LEDGER_NUMBERS))
        for entry in ledger.sample(sample)
    ]
    table = aligned([("layer", "rule", *_LEDGER_NUMBERS), *rows], left=2)
    return f"{table}\n{_LEDGER_NOTE}"


def _short(value: str | float) -> str:
    number = float(value)
    if number == 0:
        return "0"
    return f"{number:.4f}" if 1e-3 <= abs(number) < 1e5 else f"{number:.2e}"


def printable(text: object) -> str:
    """`text` on one line: a file name may hold line breaks and what commands a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Rows as lines: the first ``left`` columns flush left, the others (numbers) flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join(lines)
