"""The command ``python -m lrp_audio.explain``: see and hear why a network heard a word."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import lrp_audio
from lrp_audio.audio.clip import INPUT_BOUNDS
from lrp_audio.errors import ClipError, LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.kernels.compiling import before_compiling
from lrp_audio.report.catalogue import rules_text
from lrp_audio.report.table import classes_table, ledger_table

_EPILOG = """\
For each clip, OUT/<clip's stem>/ takes
  heatmap.png     the waveform coloured by relevance
  audible.wav     what spoke for the class: relu(R) * x, peak-normalised
  relevance.npz   relevance, input, rate and every layer's relevance
  summary.json    prediction, target, logits and the ledger

examples:
  python -m lrp_audio.explain
      explain a bundled clip, write lrp_out/7_female/
  python -m lrp_audio.explain seven.wav --target 7 --out out/
      why might seven.wav be a 7, whatever the model says?
  python -m lrp_audio.explain recordings/*.wav --rules epsilon-alpha2-beta1 --dtype float64

exit code: 0 if every clip was explained, 2 if one was not or an argument was wrong.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain the clips that ``arguments`` (or the command line) name; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.list_rules:
        print(rules_text(INPUT_BOUNDS))
        return 0
    # A file name may hold bytes that the terminal's encoding lacks: show them escaped.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        model = lrp_audio.load(options.model, dtype=options.dtype)
        target = None if options.target == "predicted" else options.target
        failed = False
        with before_compiling(_say_compiling):
            for clip, out in _folders(options.clips or [lrp_audio.example()], options.out):
                try:
                    explanation = model.explain(clip, target=target, rules=options.rules)
                except ClipError as error:
                    print(f"error: {error}", file=sys.stderr)
                    failed = True
                    continue
                _report(explanation, explanation.save(out))
    except LrpAudioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 2 if failed else 0


def _say_compiling() -> None:
    print(
        "First run: compiling the kernels, about ten seconds; later runs start at once.",
        file=sys.stderr,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lrp_audio.explain",
        description="Explain by layer-wise relevance propagation what a network heard in a clip.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "clips",
        nargs="*",
        type=Path,
        metavar="CLIP",
        help="WAV, FLAC or OGG recordings of any rate, mono or stereo; of a long one the loudest "
        "second is explained, a short one is centred (default: a bundled example)",
    )
    parser.add_argument(
        "--model",
        default="audionet-digit",
        metavar="NAME",
        help="a shipped model's name or a weights file (default: %(default)s)",
    )
    parser.add_argument(
        "--target",
        default="predicted",
        metavar="CLASS",
        help="the class to explain, or 'predicted' (default: %(default)s)",
    )
    parser.add_argument(
        "--rules",
        default="epsilon-plus",
        metavar="COMPOSITE",
        help="which rule each layer follows, see --list-rules (default: %(default)s)",
    )
    parser.add_argument(
        "--list-rules",
        action="store_true",
        help="print every rule with its formula and every composite, and stop",
    )
    parser.add_argument(
        "--out",
        default="lrp_out",
        type=Path,
        metavar="OUT",
        help="folder for the results (default: %(default)s)",
    )
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=("float32", "float64"),
        help="arithmetic: float32 for speed, float64 for precision (default: %(default)s)",
    )
    return parser


def _folders(clips: Sequence[Path], out: Path) -> Iterator[tuple[Path, Path]]:
    """Pair every clip with a result folder of its own, and say so where the stem is taken."""
    taken: set[str] = set()
    for clip in clips:
        # A stem of dots alone would climb out of OUT; folding covers disks that ignore case.
        stem = clip.stem if clip.stem.strip(".") else "clip"
        name, count = stem, 1
        while name.casefold() in taken:
            count += 1
            name = f"{stem}-{count}"
        if name != stem:
            print(f"{clip}: {stem} is taken by another clip of this call, so this one is {name}")
        taken.add(name.casefold())
        yield clip, out / name


def _report(explanation: Explanation, folder: Path) -> None:
    target = explanation.classes[explanation.target]
    print(f"{explanation.clip.name}")
    for note in explanation.clip.notes:
        print(f"  {note}")
    print(f"\n{classes_table(explanation.top(3))}")
    print(f"\nrelevance for class {target} under {explanation.rules}, from output to input:\n")
    print(ledger_table(explanation.ledger))
    print(f"\nexplained in {explanation.seconds:.2f} s, written to {folder}\n")


if __name__ == "__main__":
    sys.exit(main())
