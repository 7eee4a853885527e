"""The catalogue of rules, composites and layers, generated from the code."""

import inspect
import sys
from collections.abc import Iterable, Sequence
from functools import partial

import lrp_audio.layers
import lrp_audio.rules
from lrp_audio.commands.options import Parser
from lrp_audio.commands.run import run
from lrp_audio.commands.text import aligned
from lrp_audio.layers import Layer
from lrp_audio.rules import PRESETS, Composite, LinearRule, Rule
from lrp_audio.rules.presets import Bounds


def all_rules() -> list[type[Rule]]:
    """Every public rule, those for linear layers first, each group sorted by name."""
    found = [c for c in vars(lrp_audio.rules).values() if _is_public(c, Rule)]
    return sorted(found, key=lambda rule: (not issubclass(rule, LinearRule), rule.name))


def all_layers() -> list[type[Layer]]:
    """Every public layer, sorted by name."""
    found = [c for c in vars(lrp_audio.layers).values() if _is_public(c, Layer)]
    return sorted(found, key=lambda layer: layer.__name__)


def rules_text(bounds: Bounds) -> str:
    """Rules with formula and source, then the composites for inputs within `bounds`."""
    lines = ["Rules, from the relevance R_k of a layer's outputs to R_j of its inputs:", ""]
    for rule in all_rules():
        lines += [
            f"  {rule.name}",
            f"      {rule.formula}",
            f"      may lose relevance to: {_absorbs(rule)}. {rule.source}",
        ]
    lines += ["", "Composites (--rules), which rule each kind of layer gets:", ""]
    rows = [(f"  {preset.name}", *_kinds(preset)) for preset in _presets(bounds)]
    header = ("  name", "first layer", "convolution", "dense")
    return "\n".join([*lines, aligned([header, *rows], left=4)])


def markdown(bounds: Bounds) -> str:
    """The catalogue as Markdown for the documentation, with a table of layers and rules."""
    rules = all_rules()
    about = [(f"`{rule.name}`", f"`{rule.formula}`", _absorbs(rule), rule.source) for rule in rules]
    composites = [(f"`{preset.name}`", *_kinds(preset)) for preset in _presets(bounds)]
    pairs = [
        (f"`{layer.__name__}`", *("yes" if layer.accepts(rule) else "-" for rule in rules))
        for layer in all_layers()
    ]
    return "\n".join(
        [
            "## Rules",
            "",
            *_grid(("rule", "formula", "may lose relevance to", "source"), about),
            "",
            "## Composites",
            "",
            *_grid(("name", "first layer", "convolution", "dense"), composites),
            "",
            "## Layers and the rules that they take",
            "",
            *_grid(("layer", *(f"`{rule.name}`" for rule in rules)), pairs),
            "",
        ]
    )


def _is_public(found: object, base: type) -> bool:
    if not (inspect.isclass(found) and issubclass(found, base)):
        return False
    return found is not base and not inspect.isabstract(found)


def _presets(bounds: Bounds) -> list[Composite]:
    return [preset(bounds) for preset in PRESETS.values()]


def _kinds(preset: Composite) -> tuple[str, str, str]:
    first = "as its kind" if preset.first is None else str(preset.first)
    return first, str(preset.kinds["convolution"]), str(preset.kinds["dense"])


def _absorbs(rule: type[Rule]) -> str:
    return ", ".join(rule.absorbs) or "nothing"


def _grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(row) + " |" for row in cells]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m lrp_audio.report.catalogue``."""
    return run(partial(_main, arguments), "give the same command again")


def _main(arguments: Sequence[str] | None) -> int:
    from lrp_audio.fronts.waveform import WAVEFORM

    Parser(prog="python -m lrp_audio.report.catalogue", description=__doc__).parse_args(arguments)
    print(markdown(WAVEFORM.bounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
