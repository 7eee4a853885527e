"""``python -m benchmarks.conservation``: the ledger's worst residual, relative to the logit."""

import argparse
from pathlib import Path

import lrp_audio
from lrp_audio.commands.text import aligned
from lrp_audio.rules import PRESETS


def main() -> None:
    """Explain every bundled clip under every composite, in both arithmetics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="audionet-digit")
    name = parser.parse_args().model
    clips = sorted((Path(lrp_audio.__file__).parent / "examples").glob("*.wav"))
    models = {dtype: lrp_audio.load(name, dtype) for dtype in ("float32", "float64")}
    rows = []
    for rules in PRESETS:
        worst = [max(_residual(model, clip, rules) for clip in clips) for model in models.values()]
        rows.append((rules, *(f"{value:.1e}" for value in worst)))
    header = (f"worst residual / logit, {len(clips)} clips", *models)
    print(aligned([header, *rows], left=1))


def _residual(model: lrp_audio.Model, clip: Path, rules: str) -> float:
    explanation = model.explain(clip, rules=rules)
    return explanation.ledger.worst_residual() / abs(float(explanation.logits.max()))


if __name__ == "__main__":
    main()
