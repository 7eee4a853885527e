"""Checks of exercises: what is right passes, what is wrong is shown at its smallest."""

import builtins
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import lrp_audio
from lrp_audio.errors import LrpAudioError
from lrp_audio.rules import LRP0, AlphaBeta, Epsilon, Flat, Gamma, LinearRule, WSquare, ZPlus
from lrp_audio.teach import EXERCISES, Outcome, check, exercise
from lrp_audio.teach.case import spread
from lrp_audio.teach.hints import same
from lrp_audio.teach.losses import LossExercise
from lrp_audio.teach.mending import MENDING, source
from lrp_audio.teach.writing import WRITING

Array = NDArray[Any]
Plain = Callable[[Array, Array, Array, Array], Any]

RIGHT: dict[str, LinearRule] = {
    "z-plus": ZPlus(),
    "epsilon": Epsilon(0.1),
    "mend-1": Gamma(0.25),
    "mend-2": Epsilon(0.1),
    "mend-3": WSquare(),
    "mend-4": AlphaBeta(2, 1),
    "mend-5": ZPlus(),
}


def plus(values: Array) -> Array:
    return np.maximum(values, 0)


def shared(parts: Array, z: Array, relevance: Array) -> Array:
    s = np.divide(relevance, z, out=np.zeros_like(z), where=z != 0)
    return np.asarray(s @ parts)


def z_plus(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    parts = plus(weight * x)
    return shared(parts, parts.sum(axis=1) + plus(bias), relevance)


def epsilon(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    z = weight @ x + bias
    return np.asarray(x * (weight.T @ (relevance / (z + 0.1 * np.where(z >= 0, 1, -1)))))


def by_absolute_contribution(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    parts = np.abs(weight * x)
    parts[parts.sum(axis=1) == 0] = 1
    return shared(parts, parts.sum(axis=1), relevance)


@pytest.mark.parametrize("name", RIGHT)
def test_the_rules_of_this_project_are_right(name: str) -> None:
    outcome = check(name, RIGHT[name])
    assert outcome
    assert outcome.passed
    assert re.match(
        rf"{name}: right\. It agrees with the rule .* in all of \d+ cases", str(outcome)
    )


@pytest.mark.parametrize(
    ("name", "answer"),
    [("z-plus", z_plus), ("epsilon", epsilon), ("conserves", by_absolute_contribution)],
)
def test_a_rule_of_plain_numpy_is_right(name: str, answer: Plain) -> None:
    assert check(name, answer).passed


def bias_forgotten(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    return z_plus(x, weight, 0 * bias, relevance)


def bias_reversed(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    z = weight @ x - bias
    return np.asarray(x * (weight.T @ (relevance / (z + 0.1 * np.where(z >= 0, 1, -1)))))


def unstable(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    return np.asarray(x * (weight.T @ (relevance / (weight @ x + bias))))


def sign_of_zero(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    z = weight @ x + bias
    return np.asarray(x * (weight.T @ (relevance / (z + 0.1 * np.sign(z)))))


def one_sided(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    return np.asarray(x * (weight.T @ (relevance / (weight @ x + bias + 0.1))))


def no_input(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    z = weight @ x + bias
    return np.asarray(weight.T @ (relevance / (z + 0.1 * np.where(z >= 0, 1, -1))))


def of_weights(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    parts = plus(weight) * x
    return shared(parts, parts.sum(axis=1) + plus(bias), relevance)


def dropped_wrongly(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    parts = plus(weight * x)
    return np.asarray((relevance / (parts.sum(axis=1) + plus(bias))) @ parts)


def transposed(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    z = weight @ x + bias
    return np.asarray(x * (weight @ (relevance / (z + 0.1 * np.where(z >= 0, 1, -1)))))


def not_summed(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    z = weight @ x + bias
    s = relevance / (z + 0.1 * np.where(z >= 0, 1, -1))
    return np.asarray(s[:, None] * weight * x)


def rows(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    return epsilon(x, weight, bias, relevance)[None]


def in_place(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    result = epsilon(x, weight, bias, relevance)
    x *= result
    return result


def whole_numbers(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    return epsilon(x, weight, bias, relevance).astype(int)


def nothing(x: Array, weight: Array, bias: Array, relevance: Array) -> None:
    epsilon(x, weight, bias, relevance)


def two_faults(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
    return one_sided(x, weight, 0 * bias, relevance)


def too_few(x: Array, weight: Array) -> Array:
    return x


@pytest.mark.parametrize(
    ("name", "answer", "kind", "hint"),
    [
        ("z-plus", bias_forgotten, "values", "The bias is missing"),
        ("epsilon", bias_reversed, "values", "wrong sign in the denominator"),
        ("epsilon", unstable, "values", "stabiliser is missing"),
        ("epsilon", LRP0(), "values", "stabiliser is missing"),
        ("epsilon", sign_of_zero, "values", r"np\.sign\(0\) is 0"),
        ("epsilon", one_sided, "values", "Epsilon has the sign of z"),
        ("epsilon", no_input, "values", "still to be multiplied by x"),
        ("z-plus", of_weights, "values", "not of the weights"),
        ("z-plus", dropped_wrongly, "values", "A denominator is 0 here"),
        ("z-plus", dropped_wrongly, "values", "it is dropped"),
        ("epsilon", transposed, "raised", r"weight is \(outputs, inputs\)"),
        ("epsilon", not_summed, "shape", "sum them over the outputs, axis 0"),
        ("epsilon", rows, "shape", "an axis too many|sum them"),
        ("epsilon", in_place, "changed", r"x = x\.copy\(\)"),
        ("epsilon", whole_numbers, "type", "Return an array of floats"),
        ("epsilon", nothing, "type", "end with `return`"),
        ("epsilon", two_faults, "values", "right wherever the bias is 0 and all outputs z are pos"),
        ("epsilon", too_few, "raised", r"called as my_rule\(x, weight, bias, relevance\)"),
        ("conserves", LRP0(), "values", "Does the bias keep a share"),
        ("conserves", Flat(), "values", ""),
        ("conserves", ZPlus(), "values", "bias keep a share|Nothing contributes"),
    ],
)
def test_a_wrong_rule_is_shown_with_a_hint(name: str, answer: Any, kind: str, hint: str) -> None:
    outcome = check(name, answer)
    assert not outcome
    assert outcome.failure is not None
    assert outcome.failure.kind == kind
    assert re.search(hint, "\n".join(outcome.failure.hints)), outcome
    assert len(str(outcome).splitlines()) <= 24


def test_the_case_is_the_smallest_and_all_of_its_numbers_are_shown() -> None:
    outcome = check("z-plus", bias_forgotten)
    assert outcome.failure is not None
    case = outcome.failure.case
    assert case.weight.shape == (1, 1)
    assert (case.x, case.weight, case.relevance) == (1, 1, 1)
    assert case.bias == 0.5  # the smallest above 0
    np.testing.assert_allclose(outcome.failure.given, [1])
    assert outcome.failure.expected is not None
    np.testing.assert_allclose(outcome.failure.expected, [2 / 3])
    shown = re.findall(r"^ {4}(\w[\w ]*?) +(\[.*)$", str(outcome), re.MULTILINE)
    assert shown == [
        ("x", "[1]"),
        ("weight", "[[1]]"),
        ("bias", "[0.5]"),
        ("z", "[1.5]"),
        ("relevance", "[1]"),
        ("your rule", "[1]"),
        ("expected", "[0.666667]"),
    ]
    assert "first difference is at input 0: 1, expected 0.666667" in str(outcome)


def test_a_fault_between_neurons_needs_two_of_them() -> None:
    def mixed(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
        return epsilon(x, weight, bias, relevance[::-1])

    failure = check("epsilon", mixed).failure
    assert failure is not None
    assert failure.case.weight.shape == (2, 1)  # outputs, inputs


def test_an_exception_is_shown_with_its_last_line_and_its_place() -> None:
    def fails(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
        if len(x) == 2:
            raise KeyError("nowhere")
        return epsilon(x, weight, bias, relevance)

    outcome = check("epsilon", fails)
    assert outcome.failure is not None
    assert outcome.failure.kind == "raised"
    assert "KeyError: 'nowhere'" in str(outcome)
    assert 'of fails: raise KeyError("nowhere")' in str(outcome)
    assert len(outcome.failure.case.x) == 2


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_is_no_error_of_the_rule_is_not_caught(stop: type[BaseException]) -> None:
    def stops(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
        raise stop

    with pytest.raises(stop):
        check("epsilon", stops)


def test_what_a_rule_prints_is_shown_for_the_smallest_case_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prints(x: Array, weight: Array, bias: Array, relevance: Array) -> Array:
        print("x =", x)
        return one_sided(x, weight, bias, relevance)

    check("epsilon", prints)
    assert capsys.readouterr().out == "x = [1.]\n"


@pytest.mark.parametrize("answer", [one_sided, two_faults, epsilon])
def test_the_same_answer_has_the_same_outcome(answer: Plain) -> None:
    assert str(check("epsilon", answer)) == str(check("epsilon", answer))


def test_a_check_takes_less_than_two_seconds() -> None:
    check("epsilon", epsilon)  # loads what it needs
    for name, answer in (("z-plus", z_plus), ("epsilon", two_faults), ("conserves", ZPlus())):
        start = time.process_time()  # other programs may use the processor meanwhile
        check(name, answer)
        assert time.process_time() - start < 2


def test_a_check_leaves_no_files(tmp_path: Path) -> None:
    code = (
        "import lrp_audio\n"
        "print(lrp_audio.teach.check('epsilon', lambda x, weight, bias, relevance: x).passed)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
    assert list(tmp_path.iterdir()) == []


def test_without_hypothesis_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "hypothesis":
            raise ImportError("No module named 'hypothesis'")
        return imported(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LrpAudioError, match=r'hypothesis: pip install "lrp-audio\[teach\]"'):
        check("epsilon", epsilon)


@pytest.mark.parametrize("answer", [None, 3, "epsilon", Epsilon, [epsilon]])
def test_what_is_no_rule_is_refused(answer: object) -> None:
    for name in ("epsilon", "mend-3", "conserves"):
        with pytest.raises(LrpAudioError, match=r"expected a function my_rule\(x, weight, bias"):
            check(name, answer)


@pytest.mark.parametrize("name", ["zplus", "", None, 3])
def test_another_exercise_is_refused_with_all_names(name: Any) -> None:
    with pytest.raises(LrpAudioError, match=r"no exercise .*: choose z-plus, .* or conserves"):
        check(name, epsilon)


@pytest.mark.parametrize("given", MENDING, ids=lambda e: e.name)
def test_every_rule_to_be_mended_is_broken_and_its_source_is_shown(given: Any) -> None:
    namespace: dict[str, Any] = {"np": np}
    text = str(exercise(given.name))
    exec(text[text.index("def ") :], namespace)
    (broken,) = (f for n, f in namespace.items() if n not in ("np", "__builtins__"))
    outcome = check(given.name, broken)
    assert not outcome.passed
    assert outcome.failure is not None
    assert outcome.failure.kind in ("values", "changed")


@pytest.mark.parametrize(
    ("name", "place"),
    [("lost-1", ("middle", "bias")), ("lost-2", ["first", "dropped"]),
     ("lost-3", ("right", "stabiliser"))],
)  # fmt: skip
def test_one_place_alone_loses_the_most(name: str, place: Any) -> None:
    given = exercise(name)
    assert isinstance(given, LossExercise)
    for layer in given.layers:
        for account in ("bias", "stabiliser", "dropped"):
            right = [layer, account] == list(place)
            outcome = check(name, (layer, account))
            assert outcome.passed == right
            assert f"of {layer}, " in str(outcome)
    amounts = sorted(
        (abs(float(getattr(entry, account)[0])) for entry in given.ledger
         for account in ("bias", "stabiliser", "dropped")), reverse=True,
    )  # fmt: skip
    assert amounts[0] > 2 * amounts[1]
    assert given.network.draw(given.x, rules=given.rules).axes


@pytest.mark.parametrize("answer", [None, "bias", ("hidden", "bias"), ("last", "lost"), ("last",)])
def test_what_is_no_place_is_refused(answer: object) -> None:
    with pytest.raises(LrpAudioError, match=r"expected a layer \(first, .*\) and an account"):
        check("lost-1", answer)


@pytest.mark.parametrize("given", EXERCISES.values(), ids=lambda e: e.name)
def test_an_exercise_fits_on_a_screen(given: Any) -> None:
    lines = str(given).splitlines()
    assert lines[0] == given.name
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100


def test_outcomes_are_shown_in_full_where_they_are_printed() -> None:
    outcome = check("epsilon", one_sided)
    assert isinstance(outcome, Outcome)
    assert repr(outcome) == str(outcome)
    assert lrp_audio.teach.check is check


@pytest.mark.parametrize("given", WRITING, ids=lambda e: e.name)
def test_every_known_fault_is_a_fault(given: Any) -> None:
    cases = list(spread(given.positive_inputs))
    for fault in given.faults:
        right = (same(fault.rule(case), case.relevance_under(given.rule)) for case in cases)
        assert not all(right), fault.hint


def test_sources_have_no_annotations() -> None:
    for given in MENDING:
        assert "Array" not in str(given)
    assert source(z_plus).startswith("def z_plus(x, weight, bias, relevance):")
