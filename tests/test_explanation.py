"""An explanation by itself: sent to other processes, kept in little memory and few bytes."""

import gc
import io
import json
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

import lrp_audio
from lrp_audio.audio.clip import clip_from_samples
from lrp_audio.errors import LrpAudioError
from lrp_audio.explanation import Explanation
from lrp_audio.model import Model
from lrp_audio.report import figure
from lrp_audio.report.page import entry_of, save_page
from lrp_audio.rules.base import Part, Term

NAMES = ("audionet-digit", "alexnet-sex")
CLIPS = [lrp_audio.example("2_female"), lrp_audio.example("8_male")]


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {name: lrp_audio.load(name) for name in NAMES}


@pytest.fixture(scope="module")
def explained(models: dict[str, Model]) -> dict[str, Explanation]:
    """One explanation of each model, out of a batch, and one carried to another domain."""
    found = {name: models[name].explain_batch(CLIPS)[1] for name in NAMES}
    return found | {"carried": found["audionet-digit"].in_domain("time-frequency")}


def through_joblib(given: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(given, file)
    file.seek(0)
    return joblib.load(file)


def through_pickle(given: Any) -> Any:
    return pickle.loads(pickle.dumps(given))


def assert_same(one: Explanation, other: Explanation) -> None:
    assert one.summary() == other.summary()
    np.testing.assert_array_equal(one.relevance, other.relevance)
    np.testing.assert_array_equal(one.input, other.input)
    assert list(one.layers) == list(other.layers)
    for name in one.layers:
        np.testing.assert_array_equal(one.layers[name], other.layers[name])


# --- other processes -------------------------------------------------------------------------


@pytest.mark.parametrize("through", [through_pickle, through_joblib, deepcopy])
@pytest.mark.parametrize("which", [*NAMES, "carried"])
def test_an_explanation_survives_every_kind_of_copy(
    explained: dict[str, Explanation], which: str, through: Callable[[Any], Any]
) -> None:
    assert_same(through(explained[which]), explained[which])


def told(summary: Path) -> dict[str, Any]:
    """What a summary says, but for digests of the archive, in which the time of writing stands."""
    found: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    del found["sha256"], found["files"]["relevance.npz"]["sha256"]
    return found


@pytest.mark.parametrize("which", ["alexnet-sex", "carried"])
def test_a_copy_from_another_process_makes_the_same_files(
    tmp_path: Path, explained: dict[str, Explanation], which: str
) -> None:
    given = explained[which]
    for place, one in (("here", given), ("there", through_pickle(given))):
        one.save(tmp_path / place, layers=True)
        figure.save(tmp_path / place / "flow.svg", one, "flow")
        save_page(tmp_path / place / "page.html", [[one]])
    for path in (tmp_path / "here").iterdir():
        other = tmp_path / "there" / path.name
        if path.suffix == ".json":
            assert told(path) == told(other)
            continue
        if path.suffix != ".npz":
            assert path.read_bytes() == other.read_bytes(), path.name
            continue
        with zipfile.ZipFile(path) as a, zipfile.ZipFile(other) as b:
            assert a.namelist() == b.namelist()
            assert all(a.read(name) == b.read(name) for name in a.namelist())


def explain_there(path: Path) -> Explanation:
    return lrp_audio.load("audionet-sex").explain(path, domain="frequency")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_worker_processes_send_explanations_back(start: str) -> None:
    context = get_context(start)
    here = [explain_there(path) for path in CLIPS]
    with ProcessPoolExecutor(1, context) as executor, context.Pool(1) as pool:
        there = [*executor.map(explain_there, CLIPS[:1]), *pool.map(explain_there, CLIPS[1:])]
    for one, other in zip(here, there, strict=True):
        assert_same(replace(one, seconds=other.seconds), other)


@pytest.mark.parametrize("name", NAMES)
def test_a_pickled_model_is_as_small_and_as_fast_as_a_loaded_one(
    models: dict[str, Model], name: str
) -> None:
    model = models[name]
    model.explain(CLIPS[0])
    weights = model.network.parameters().values()
    assert len(pickle.dumps(model)) < 1.01 * sum(array.nbytes for array in weights)
    for other in (through_pickle(model), deepcopy(model)):
        # Only of a read-only weight do layers remember what they make of it.
        assert not any(a.flags.writeable for a in other.network.parameters().values())
        one, two = model.explain(CLIPS[0]), other.explain(CLIPS[0])
        assert_same(replace(one, seconds=two.seconds), two)


def test_of_a_pickled_model_only_what_was_read_only_is() -> None:
    model = lrp_audio.load("audionet-sex")
    (name, array), *_ = model.network.parameters().items()
    layer = next(node.layer for node in model.network.nodes if node.name == name.split(".")[0])
    layer.weight = array.copy()
    found = through_pickle(model).network.parameters()
    assert [key for key, value in found.items() if value.flags.writeable] == [name]


def test_threads_may_share_a_model_that_has_remembered_nothing_yet() -> None:
    expected = lrp_audio.load("alexnet-sex").explain_batch(CLIPS)
    model = lrp_audio.load("alexnet-sex")
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(model.explain, CLIPS))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(
            one.relevance, other.relevance, atol=1e-5 * np.abs(one.relevance).max()
        )


# --- memory ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "promised"), [("audionet-digit", 4.5e6), ("alexnet-sex", 2.5e6)])
def test_one_explanation_kept_of_a_batch_holds_only_its_own_arrays(
    models: dict[str, Model], name: str, promised: float
) -> None:
    model = models[name]
    clips = CLIPS * 8
    model.explain_batch(clips)  # what is made once is made
    tracemalloc.start()
    try:
        kept = [model.explain_batch(clips)[5]]
        gc.collect()
        with_it = tracemalloc.get_traced_memory()[0]
        kept.clear()
        gc.collect()
        held = with_it - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < promised


@pytest.mark.parametrize(("name", "promised"), [("audionet-digit", 4.5e6), ("alexnet-sex", 2.5e6)])
def test_a_pickled_explanation_is_no_larger_than_in_memory(
    explained: dict[str, Explanation], name: str, promised: float
) -> None:
    given = explained[name]
    for layer in given.layers:
        given.layers[layer]  # whatever is kept of what was asked for
    assert len(pickle.dumps(given)) < promised


def test_no_array_of_an_explanation_is_a_piece_of_a_larger_one(
    explained: dict[str, Explanation],
) -> None:
    for given in explained.values():
        figures = [value for entry in given.ledger for value in vars(entry).values()]
        arrays = [figure for figure in figures if isinstance(figure, np.ndarray)]
        for array in (given.input, given.logits, given.relevance, *arrays):
            owner = array
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            assert owner.nbytes == array.nbytes


# --- files -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, explained: dict[str, Explanation]) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for name, given in explained.items():
        given.save(folder / name)
        given.save(folder / f"{name} with layers", layers=True)
    return folder


@pytest.mark.parametrize(
    ("which", "most", "layers"),
    [("audionet-digit", 60_000, 4e6), ("carried", 200_000, 4e6), ("alexnet-sex", 200_000, 2e6)],
)
def test_a_result_is_small(results: Path, which: str, most: float, layers: float) -> None:
    assert (results / which / "relevance.npz").stat().st_size < most
    assert (results / f"{which} with layers" / "relevance.npz").stat().st_size < layers


@pytest.mark.parametrize("which", [*NAMES, "carried"])
def test_a_result_holds_relevance_input_rate_and_axes_and_layers_only_if_asked_for(
    results: Path, explained: dict[str, Explanation], which: str
) -> None:
    given = explained[which]
    axes = given.domain.axes(8000)
    with np.load(results / which / "relevance.npz") as small:
        assert set(small) == {"relevance", "input", "rate", *axes}
        for name, exact in (("relevance", given.relevance), ("input", given.input)):
            largest = np.abs(exact).max()
            np.testing.assert_allclose(small[name], exact, rtol=0, atol=2**-16 * largest)
            assert small[name].dtype == np.float32
    with np.load(results / f"{which} with layers" / "relevance.npz") as full:
        assert set(full) == {*small.files, *(f"layer_{name}" for name in given.layers)}
        for name, values in given.layers.items():
            np.testing.assert_array_equal(full[f"layer_{name}"], values)
        assert full["relevance"].dtype == full["input"].dtype == np.float32
        np.testing.assert_array_equal(full["relevance"], given.relevance.astype(np.float32))
        np.testing.assert_array_equal(full["input"], given.input)


def test_layers_change_nothing_else_in_a_result(results: Path) -> None:
    folders = [results / which for which in ("alexnet-sex", "alexnet-sex with layers")]
    for name in ("heatmap.png", "audible.wav"):
        one, two = ((folder / name).read_bytes() for folder in folders)
        assert one == two
    one, two = (json.loads((folder / "summary.json").read_bytes()) for folder in folders)
    assert one.pop("files").keys() == two.pop("files").keys()
    assert one.pop("sha256") != two.pop("sha256")
    assert one == two


def test_relevance_that_float32_cannot_hold_is_kept_in_float64(
    tmp_path: Path, explained: dict[str, Explanation]
) -> None:
    given = explained["carried"]
    huge = replace(given, relevance=given.relevance * 1e200)
    with np.load(huge.save(tmp_path) / "relevance.npz") as arrays:
        np.testing.assert_array_equal(arrays["relevance"], huge.relevance, strict=True)


def test_relevance_in_float64_is_kept_in_float64(tmp_path: Path) -> None:
    precise = lrp_audio.load("audionet-sex", "float64").explain(CLIPS[0], domain="frequency")
    with np.load(precise.save(tmp_path) / "relevance.npz") as arrays:
        np.testing.assert_array_equal(arrays["relevance"], precise.relevance, strict=True)


@pytest.mark.parametrize("folder", [None, 7, b"out", ["out"], "o\0ut", io.BytesIO()])
def test_what_is_no_folder_is_refused(explained: dict[str, Explanation], folder: Any) -> None:
    with pytest.raises(LrpAudioError, match=r"The path of the folder for the results is .* give a"):
        explained["alexnet-sex"].save(folder)


# --- in a notebook ---------------------------------------------------------------------------


def test_what_a_notebook_shows_is_one_line(explained: dict[str, Explanation]) -> None:
    model = lrp_audio.load("audionet-digit")
    step = next(model.steps(CLIPS[0]))
    odd = replace(explained["carried"].clip, name="a\nb.wav")
    for shown in (
        *explained.values(),
        replace(explained["carried"], clip=odd),
        odd,
        model,
        explained["carried"].ledger,
        *explained["carried"].ledger,
        step.flow,
        *step.flow.traces,
        Part(step.x, step.y),
        Term((Part(step.x, step.y),), step.y),
        entry_of(explained["carried"]),
    ):
        assert "\n" not in repr(shown)
        assert len(repr(shown)) < 500


def test_an_explanation_shows_what_it_explains(explained: dict[str, Explanation]) -> None:
    given = explained["carried"]
    shown = repr(given)
    for part in (repr(str(CLIPS[1])), "audionet-digit", "epsilon-plus", "eight", "time-frequency"):
        assert part in shown
    assert f"(228, 230) in time-frequency of sum {given.relevance.sum():.4g}" in shown
    assert repr(lrp_audio.load("audionet-sex")).endswith("in float32: 2 classes (female, male)>")
    assert repr(clip_from_samples(np.sin(np.arange(4000)), 8000)) == (
        "<Clip 'samples': 0.500 s at 8000 Hz>"
    )


# --- numbers ---------------------------------------------------------------------------------


def test_top_gives_as_many_classes_as_there_are(explained: dict[str, Explanation]) -> None:
    given = explained["audionet-digit"]
    assert [len(given.top(k)) for k in (0, 1, 3.0, np.int64(10), 100)] == [0, 1, 3, 10, 10]
    for k in (-1, 2.5, True, "3", None):
        with pytest.raises(LrpAudioError, match=r"k, the number of classes, is .* at least 0"):
            given.top(k)


@pytest.mark.parametrize("rate", [16000, 16000.0, np.int32(16000)])
def test_a_sound_has_the_rate_that_it_is_asked_for(
    explained: dict[str, Explanation], rate: Any
) -> None:
    assert explained["carried"].sound(rate=rate).shape == (16000,)


@pytest.mark.parametrize("rate", [0, -8000, 8000.5, np.nan, np.inf, "8000", True, 10**9])
def test_what_is_no_rate_is_refused(explained: dict[str, Explanation], rate: Any) -> None:
    with pytest.raises(LrpAudioError, match=r"The rate of a sound in Hz is .* from 1000 to 768000"):
        explained["carried"].sound(rate=rate)


@pytest.mark.parametrize("word", ["loud", None, 3, ["weighted"], np.array(["weighted", "masked"])])
def test_an_unknown_sound_or_sign_is_refused(
    explained: dict[str, Explanation], tmp_path: Path, word: Any
) -> None:
    given = explained["carried"]
    for call in (given.sound, lambda **chosen: given.save(tmp_path / "out", **chosen)):
        with pytest.raises(LrpAudioError, match=r"no sound .*: choose weighted or masked"):
            call(sound=word)
        with pytest.raises(LrpAudioError, match=r"no sign .*: choose for or against"):
            call(sign=word)
    assert not (tmp_path / "out").exists()
