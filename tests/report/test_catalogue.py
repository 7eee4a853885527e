"""The catalogue is complete, and the documentation shows it as it is."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from lrp_audio.fronts import WAVEFORM
from lrp_audio.layers import Dense, ReLU
from lrp_audio.layers.base import LinearLayer
from lrp_audio.report.catalogue import (
    all_layers,
    all_rules,
    markdown,
    rules_text,
)
from lrp_audio.rules import PRESETS, LinearRule, composite

RULES_PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_every_linear_rule_serves_every_linear_layer_and_every_layer_takes_a_rule() -> None:
    for layer in all_layers():
        taken = [rule for rule in all_rules() if layer.accepts(rule)]
        assert taken
        if issubclass(layer, LinearLayer):
            assert taken == [rule for rule in all_rules() if issubclass(rule, LinearRule)]


def test_every_rule_says_what_it_is() -> None:
    for rule in all_rules():
        assert rule.formula.count("R_j") >= 1 or rule.name == "relative-epsilon"
        assert rule.source
        assert set(rule.absorbs) <= {"bias", "stabiliser", "dropped"}


def test_the_rules_page_is_what_the_code_says() -> None:
    assert markdown(WAVEFORM.bounds) in RULES_PAGE.read_text()


def test_list_rules_names_every_rule_and_composite() -> None:
    command = [sys.executable, "-m", "lrp_audio.explain", "--list-rules"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == rules_text(WAVEFORM.bounds).strip()
    for name in (*PRESETS, *(rule.name for rule in all_rules())):
        assert f" {name}" in done.stdout


def test_a_composite_gives_each_layer_a_rule_and_the_reason() -> None:
    assigned = composite("epsilon-plus-flat", (0, 1)).assign(
        [("fc1", Dense(np.eye(2))), ("relu", ReLU())]
    )
    assert [(a.layer, str(a.rule), a.why) for a in assigned] == [
        ("fc1", "flat", "first weighted layer"),
        ("relu", "pass", "default"),
    ]
