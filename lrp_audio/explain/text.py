"""What the explain command prints of a clip."""

from collections.abc import Sequence
from pathlib import Path

from lrp_audio.audio.audible import Sign
from lrp_audio.commands.text import aligned, printable
from lrp_audio.explanation import Explanation
from lrp_audio.rules.ledger import Ledger

_LEDGER_NUMBERS = ("relevance_out", "relevance_in", "bias", "stabiliser", "dropped", "residual")

_LEDGER_NOTE = (
    "bias, stabiliser, dropped: what a rule absorbs by design, see --list-rules; "
    "residual: rounding."
)


def details(explanation: Explanation, folder: Path, sign: Sign) -> str:
    """What is printed of a clip whose results are in `folder`: its classes and the ledger."""
    target = explanation.target_name
    outcome = f"explained in {explanation.seconds:.2f} s, written to {printable(folder)}\n"
    if not explanation.sound(sign=sign).any():
        outcome += (
            f"audible.wav is silent: under {explanation.rules} no part of the sound has relevance "
            f"{sign} {printable(target)}; --rules epsilon-gamma-box shows more of both signs\n"
        )
    return "\n".join(
        (
            printable(explanation.clip.name),
            *(f"  {printable(note)}" for note in explanation.clip.notes),
            f"\n{classes_table(explanation.top(3))}",
            *_doubt(explanation),
            f"\nrelevance for {explanation.output.kind} {printable(target)} under "
            f"{explanation.rules}, from output to input:\n",
            ledger_table(explanation.ledger),
            f"\n{outcome}",
        )
    )


def line(explanation: Explanation, folder: Path) -> str:
    """The same on one line: the likeliest class, and the folder of the results."""
    best, shares = explanation.predicted, explanation.probabilities
    found = f"{explanation.logits[best]:.4g}" if shares is None else f"{shares[best]:.1%}"
    clip, name = printable(explanation.clip.name), printable(explanation.classes[best])
    doubt = " (not sure)" if explanation.sure is False else ""
    return f"{clip}: {name} {found}{doubt} -> {printable(folder)}"


def _doubt(explanation: Explanation) -> tuple[str, ...]:
    """A line that says so where the network is not sure."""
    if explanation.sure is not False:
        return ()
    return (f"not sure: no class has a probability of {explanation.output.sure:.0%} or more",)


def classes_table(ranking: Sequence[tuple[str, float, float | None]]) -> str:
    """Format (class, logit, probability) triples, best first, as aligned lines; or values."""
    if any(share is None for _, _, share in ranking):
        return aligned([("name", "value"), *((name, f"{v:.4g}") for name, v, _ in ranking)], left=1)
    rows = [(name, f"{logit:.3f}", f"{share:.1%}") for name, logit, share in ranking]
    return aligned([("class", "logit", "probability"), *rows], left=1)


def ledger_table(ledger: Ledger, sample: int = 0) -> str:
    """Format one sample's ledger, one line for each layer from the output to the input."""
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
