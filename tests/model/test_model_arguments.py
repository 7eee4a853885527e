"""What the library takes for clips, targets, rules, domains and numbers, and what it refuses."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest

import lrp_audio
from lrp_audio.arguments import as_path, described, whole_number
from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.audio.domain import Frequency
from lrp_audio.errors import (
    ClipError,
    LrpAudioError,
    ModelError,
    RuleError,
    SpectrumError,
    TargetError,
)
from lrp_audio.fronts import WAVEFORM
from lrp_audio.model import Model
from lrp_audio.models.shipped import shipped
from lrp_audio.outputs import Output
from lrp_audio.rules import PRESETS, Epsilon, ZPlus

TWO = [lrp_audio.example("3_female"), lrp_audio.example("5_male")]


@pytest.fixture(scope="module")
def model() -> Model:
    return lrp_audio.load("audionet-digit")


def refused(error: type[LrpAudioError], call: Callable[[], object]) -> str:
    """The one sentence with which `call` fails; it shows nothing that takes lines."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


# --- numbers, words and paths ----------------------------------------------------------------


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.float32(3), np.array(3), np.array(3.0)])
def test_a_whole_number_is_taken_in_every_type_that_means_it(value: Any) -> None:
    found = whole_number(value, "k", 0)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize(
    "value",
    [2.5, np.nan, np.inf, True, np.True_, "3", None, [3], np.array([3]), 3 + 0j, 10**400, -1],
)
def test_what_is_no_whole_number_in_the_range_is_refused(value: Any) -> None:
    said = refused(LrpAudioError, lambda: whole_number(value, "The width", 0, 9))
    assert said.startswith("The width is ")
    assert said.endswith("expected a whole number from 0 to 9.")


def test_a_message_shows_of_a_value_one_short_line() -> None:
    assert described(np.zeros((2, 8000))) == "an array of float64 of shape (2, 8000)"
    assert described("seven") == "'seven'"
    assert described(2**40_000) == "a number of 40001 bits"
    for value in (np.zeros(3000).tolist(), "x" * 3000, {"a": np.eye(99)}, lrp_audio.load):
        assert len(described(value)) < 200
        assert "\n" not in described(value)


@pytest.mark.parametrize("value", [None, 7, b"out", ["out"], "out\0", np.array("out")])
def test_what_is_no_path_is_refused(value: Any) -> None:
    assert "The path of a figure is" in refused(LrpAudioError, lambda: as_path(value, "a figure"))


# --- models and bundled clips ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float64, "float64"), (np.dtype("f4"), "float32"), ("double", "float64"), (float, "f8")],
)
def test_arithmetic_may_be_given_in_every_way_of_numpy(dtype: Any, expected: str) -> None:
    assert lrp_audio.load("audionet-sex", dtype).dtype == np.dtype(expected)


@pytest.mark.parametrize("dtype", [None, 32, int, ">f4", "fast", [], np.float16])
def test_other_arithmetic_is_refused(dtype: Any) -> None:
    assert "float32 or float64" in refused(
        ModelError, lambda: lrp_audio.load("audionet-sex", dtype)
    )


def test_what_names_no_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Model
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.npz").mkdir()
    for name in (None, 7, b"audionet-digit", ["audionet-digit"], model):
        said = refused(ModelError, lambda name=name: lrp_audio.load(name))
        assert "names no model: give a name" in said
    for name in ("", Path(), Path("folder.npz"), "audionet\0.npz", shipped()):
        refused(ModelError, lambda name=name: lrp_audio.load(name))


@pytest.mark.parametrize("name", [7, "7", None, "7_FEMALE", ["7_female"], np.int64(7)])
def test_what_names_no_bundled_clip_is_refused_with_the_names(name: Any) -> None:
    said = refused(ClipError, lambda: lrp_audio.example(name))
    assert "0_female, 0_male, 1_female" in said


# --- clips -----------------------------------------------------------------------------------


def test_clips_may_come_from_any_iterable(model: Model) -> None:
    expected = [e.predicted for e in model.explain_batch(TWO)]
    for given in (tuple(TWO), iter(TWO), (p for p in TWO), np.array(list(map(str, TWO)))):
        found = model.explain_batch(given)
        assert [e.clip.name for e in found] == list(map(str, TWO))
        assert [e.predicted for e in found] == expected


def test_a_single_clip_is_a_batch_of_one(model: Model) -> None:
    clip = read_clip(TWO[0])
    for given in (TWO[0], str(TWO[0]), clip, (clip.samples / 32768, 8000)):
        (found,) = model.explain_batch(given)
        np.testing.assert_allclose(
            found.relevance, model.explain(TWO[0]).relevance, atol=1e-3 * np.abs(found.input).max()
        )
        assert model.inputs(given).shape == (1, 1, 8000)


def test_a_recording_may_be_bytes_or_a_file_alone_or_among_others(model: Model) -> None:
    expected = model.explain(TWO[0]).relevance
    content = TWO[0].read_bytes()
    for make in (lambda: content, lambda: bytearray(content), lambda: io.BytesIO(content)):
        found = [
            model.explain(make()),
            *model.explain_batch(make()),
            *model.explain_batch([make()]),
        ]
        for one in found:
            np.testing.assert_array_equal(one.relevance, expected)
        assert model.classify(make()) == 3


def test_samples_and_rate_may_be_in_either_order(model: Model) -> None:
    samples = read_clip(TWO[0]).samples / 32768
    expected = model.explain((samples, 8000)).relevance
    for given in ((8000, samples), (samples, 8000.0), (np.int32(8000), samples), [samples, 8000]):
        np.testing.assert_array_equal(model.explain(given).relevance, expected)
        np.testing.assert_array_equal(model.explain_batch(given)[0].relevance, expected)


@pytest.mark.parametrize(
    "clip", [np.ones(8000), np.ones((2, 8000)), None, 7, TWO, {"a": 1}, (8000, 8000), lrp_audio]
)
def test_what_is_no_clip_is_refused(model: Model, clip: Any) -> None:
    for call in (model.explain, model.classify, model.steps):
        refused(ClipError, lambda call=call: call(clip))
    refused(ClipError, lambda: model.explain_batch([TWO[0], clip]))
    if isinstance(clip, np.ndarray):
        assert "rate" in refused(ClipError, lambda: model.explain_batch(clip))


def test_no_clips_are_no_explanations(model: Model) -> None:
    for nothing in ([], (), iter(())):
        assert model.explain_batch(nothing) == []
        assert model.explain_batch(nothing, target="seven", domain="frequency") == []
        found = model.inputs(nothing)
        assert (found.shape, found.dtype) == ((0, 1, 8000), np.float32)
        found = model.logits(nothing)
        assert (found.shape, found.dtype) == ((0, 10), np.float32)
        assert model.classify_batch(nothing) == []


def test_logits_and_classes_of_many_clips_are_those_of_each(model: Model) -> None:
    clips = [
        lrp_audio.example(f"{digit}_{sex}") for digit in range(10) for sex in ("female", "male")
    ]
    clips += clips[::-1]  # more than one batch
    expected = [model.explain(clip) for clip in clips[:20]]
    found = model.logits(iter(clips))
    np.testing.assert_allclose(found[:20], [e.logits for e in expected], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[20:], found[19::-1], rtol=1e-4, atol=1e-4)
    assert model.classify_batch(clips)[:20] == [e.predicted for e in expected]
    assert model.classify_batch(clips[0]) == [model.classify(clips[0])]


def test_no_more_clips_than_two_batches_are_in_memory(model: Model) -> None:
    alive: WeakSet[Clip] = WeakSet()
    most = 0

    def clips() -> Iterator[Clip]:
        nonlocal most
        for _ in range(100):
            clip = read_clip(TWO[0])
            alive.add(clip)
            most = max(most, len(alive))
            yield clip
            del clip

    assert model.classify_batch(clips()) == [3] * 100
    assert 32 <= most <= 64


@pytest.mark.parametrize("clips", [None, 7, 0.5, {"a": "b"}])
def test_what_holds_no_clips_is_refused(model: Model, clips: Any) -> None:
    assert "holds no clips: give a list" in refused(ClipError, lambda: model.explain_batch(clips))
    assert "holds no clips: give a list" in refused(ClipError, lambda: model.inputs(clips))


# --- targets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["seven", "7", 7, 7.0, np.int64(7), np.float32(7), np.array(7), np.str_("seven")],
)
def test_a_class_is_taken_in_every_type_that_means_it(model: Model, target: Any) -> None:
    assert model.explain(TWO[0], target).target == 7
    assert model.explain(TWO[0], [target]).target == 7


@pytest.mark.parametrize(
    "targets",
    [
        ["two", 9],
        (2.0, "9"),
        np.array([2, 9]),
        np.array([2, 9], np.uint8),
        np.array(["two", "nine"]),
        range(2, 10, 7),
    ],
)
def test_each_clip_may_have_its_own_target(model: Model, targets: Any) -> None:
    assert [e.target for e in model.explain_batch(TWO, targets)] == [2, 9]


def test_a_target_of_many_belongs_to_its_clip_and_none_is_the_predicted_one(model: Model) -> None:
    clips = [read_clip(TWO[0])] * 33  # more than are computed together
    wanted = [None, "predicted", *(i % 10 for i in range(31))]
    found = [e.target for e in model.explain_batch(clips, wanted)]
    assert found[:2] == [3, 3]
    assert found[2:] == wanted[2:]


def test_a_target_of_its_own_starts_at_its_own_logit(model: Model) -> None:
    for one, target in zip(model.explain_batch(TWO, ["two", "nine"]), (2, 9), strict=True):
        first = one.ledger.entries[0]
        assert first.relevance_out[0] == pytest.approx(float(one.logits[target]), rel=1e-6)


@pytest.mark.parametrize(
    "target",
    [-1, 10, 7.5, True, np.True_, np.nan, "Seven", "-1", "9" * 5000, b"seven", {"seven"}, {}],
)
def test_a_class_that_there_is_not_is_refused(model: Model, target: Any) -> None:
    for call in (
        lambda: model.explain(TWO[0], target),
        lambda: model.explain_batch(TWO, [1, target]),
        lambda: model.steps(TWO[0], target),
    ):
        said = refused(TargetError, call)
        assert "has no class" in said
        assert said.endswith("a number from 0 to 9.")


def test_of_many_classes_the_refusal_lists_those_most_like_the_one_that_was_given() -> None:
    output = Output(tuple(f"note {k}.5 Hz" for k in range(300)))
    said = refused(TargetError, lambda: output.wanted("note 123 Hz", 1, "pitch"))
    assert "note 123.5 Hz" in said
    assert said.endswith("..., or a number from 0 to 299.")
    for other in ("???", "9" * 5000, {"note"}):
        said = refused(TargetError, lambda target=other: output.wanted(target, 1, "pitch"))
        assert "one of note 0.5 Hz, note 1.5 Hz" in said


@pytest.mark.parametrize("targets", [[], ["two"], np.arange(3), np.zeros((2, 1), int), ([1], [2])])
def test_another_number_or_shape_of_targets_is_refused(model: Model, targets: Any) -> None:
    assert "class" in refused(TargetError, lambda: model.explain_batch(TWO, targets))


def test_one_clip_takes_one_target(model: Model) -> None:
    said = refused(TargetError, lambda: model.explain(TWO[0], ["two", "nine"]))
    assert said.startswith("2 targets were given for 1 clip:")
    step = next(model.steps(TWO[0], np.array([4])))
    assert np.flatnonzero(step.relevance[0]).tolist() == [4]


# --- rules and domains -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules",
    [Epsilon(1e-3), ZPlus, ["epsilon"], "Epsilon", PRESETS["epsilon"], 3, {"dense": Epsilon(1)}],
)
def test_what_is_no_composite_is_refused(model: Model, rules: Any) -> None:
    for call in (
        lambda: model.explain(TWO[0], rules=rules),
        lambda: model.steps(TWO[0], rules=rules),
        lambda: model.assignments(rules),
    ):
        said = refused(RuleError, call)
        assert ("Composite('mine'" in said) == isinstance(rules, Epsilon)


@pytest.mark.parametrize("domain", [7, Frequency, "spectrum", ["time"], b"time", np.array("time")])
def test_what_is_no_domain_is_refused(model: Model, domain: Any) -> None:
    assert "time-frequency" in refused(SpectrumError, lambda: model.explain(TWO[0], domain=domain))
    explanation = model.explain(TWO[0])
    assert "time-frequency" in refused(SpectrumError, lambda: explanation.in_domain(domain))


def test_relevance_is_carried_to_a_domain_by_its_name(model: Model) -> None:
    explanation = model.explain(TWO[0])
    for name, domain in (
        ("frequency", Frequency(8000)),
        ("time-frequency", WAVEFORM.time_frequency),
    ):
        np.testing.assert_array_equal(
            explanation.in_domain(name).relevance, explanation.in_domain(domain).relevance
        )
    assert explanation.in_domain("time") is explanation
    picture = lrp_audio.load("alexnet-sex").explain(TWO[0])
    assert picture.in_domain("time-frequency") is picture
    assert "take" in refused(SpectrumError, lambda: picture.in_domain(WAVEFORM.time_frequency))
