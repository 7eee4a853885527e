"""The benchmark's own arithmetic: quartiles, agreement, least work, tables, and refusals."""

import importlib.util
import json
import math
import re
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrp_audio
from benchmarks import __main__ as command
from benchmarks import forward_passes as one_explanation
from benchmarks.agreement import (
    DisagreementError,
    apart,
    check_float32,
    check_float64,
    check_output,
    check_step,
)
from benchmarks.case import described_layers, network_of, without_dropout, write_case
from benchmarks.comparison import (
    Comparison,
    Effort,
    Peer,
    PeerError,
    Quartiles,
    alternating,
    quartiles,
)
from benchmarks.forward_passes import forward_passes, written
from benchmarks.growth import linearity
from benchmarks.noisy_speech import RATE, recording
from benchmarks.ours import Explain
from benchmarks.rates import Rates
from benchmarks.roofline import Work, explanation, least_ms, training_step
from benchmarks.rows import record
from benchmarks.sung_vowel import energy, one, share, sung, whispered
from benchmarks.table import markdown, write
from lrp_audio.interchange.read import read_onnx_network
from lrp_audio.layers import Conv1D, Dense, Flatten, Layer, MaxPool1D, ReLU
from lrp_audio.models.network import Network, chain
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.recipes import Settings
from lrp_audio.rules import Flat
from lrp_audio.rules.composite import Composite
from lrp_audio.rules.presets import composite

RATES = Rates(threads=1, sgemm_gflops=100.0, memory_gb_s=10.0)
FIELDS = {"net", "rules", "batch", "threads", "peer", "ours_ms", "peer_ms", "ratio"}
FIELDS |= {"ours_rss_mb", "peer_rss_mb"}


def zeros(net: str) -> Network:
    shapes = ARCHITECTURES[net].shapes(10)
    return ARCHITECTURES[net].build({name: np.zeros(s, np.float32) for name, s in shapes.items()})


def tiny() -> Network:
    """(1, 4) -> (2, 4) -> (3, 2) -> 5."""
    layers = [
        ("conv1", Conv1D(np.zeros((2, 1, 3)), pad=(1,))),
        ("relu1", ReLU()),
        ("conv2", Conv1D(np.zeros((3, 2, 3)))),
        ("relu2", ReLU()),
        ("flatten", Flatten()),
        ("fc3", Dense(np.zeros((5, 6)))),
    ]
    return Network(chain(layers), (1, 4))


# By hand, batch 10: weights * positions * batch; weights + batch * (inputs + outputs).
CONV1 = Work(6 * 4 * 10, 6 + 10 * (4 + 8))
CONV2 = Work(18 * 2 * 10, 18 + 10 * (8 + 6))
FC3 = Work(30 * 10, 30 + 10 * (6 + 5))


@pytest.mark.parametrize(
    ("rules", "products"),
    [
        ("epsilon", [CONV1] * 2 + [CONV2] * 2 + [FC3] * 2),
        ("epsilon-plus", [CONV1] * 4 + [CONV2] * 3 + [FC3] * 2),
        ("epsilon-alpha2-beta1", [CONV1] * 4 + [CONV2] * 4 + [FC3] * 2),
    ],
)
def test_least_work_is_that_counted_by_hand(rules: str, products: list[Work]) -> None:
    assert explanation(tiny(), composite(rules, (-1, 1)), 10) == products


def test_a_training_step_needs_no_gradient_of_its_input_and_moves_all_parameters() -> None:
    update = Work(0, 9 * (6 + 18 + 30))
    assert training_step(tiny(), 10) == [CONV1] * 2 + [CONV2] * 3 + [FC3] * 3 + [update]


def test_a_rule_whose_work_is_not_counted_is_refused() -> None:
    rules = Composite("flat", {"convolution": Flat(), "dense": Flat()})
    with pytest.raises(NotImplementedError, match="flat"):
        explanation(tiny(), rules, 1)


def test_audionet_needs_the_multiply_adds_of_its_published_layers() -> None:
    lengths = [8000, 4000, 2000, 1000, 500, 250]
    channels = [1, 100, 64, 128, 128, 128, 128]
    forward = sum(3 * n * a * b for n, a, b in zip(lengths, channels, channels[1:], strict=False))
    forward += 128 * 125 * 1024 + 1024 * 512 + 512 * 10
    work = explanation(zeros("audionet"), composite("epsilon", (-1, 1)), 1)
    assert sum(product.multiply_adds for product in work) == 2 * forward


def test_a_product_takes_the_longer_of_computing_and_moving() -> None:
    computing, moving = Work(50_000_000, 1), Work(1, 5_000_000)
    assert computing.least_ms(RATES) == pytest.approx(1)  # 1e8 operations at 1e11 a second
    assert moving.least_ms(RATES) == pytest.approx(2)  # 2e7 bytes at 1e10 a second
    assert least_ms([computing, moving], RATES) == pytest.approx(3)


def test_the_case_describes_groups_strides_and_ceil_mode() -> None:
    alexnet = {name: (kind, options) for name, kind, options in described_layers(zeros("alexnet"))}
    kind, options = alexnet["conv2"]
    assert kind == "Conv2d"
    assert (options["in_channels"], options["groups"], options["padding"]) == (96, 2, (2, 2))
    audionet = {name: options for name, _, options in described_layers(zeros("audionet"))}
    assert audionet["pool1"] == {"kernel_size": (3,), "stride": (2,), "ceil_mode": True}
    still = {kind for _, kind, _ in described_layers(without_dropout(zeros("alexnet")))}
    assert "Dropout" not in still and {kind for kind, _ in alexnet.values()} - still == {"Dropout"}


class Fake:
    def __init__(self, name: str, calls: list[str]) -> None:
        self.name, self.calls = name, calls

    def call(self) -> float:
        self.calls.append(self.name)
        return float(len(self.calls))


def test_peers_are_timed_in_alternation() -> None:
    calls: list[str] = []
    timings = alternating([Fake("a", calls), Fake("b", calls)], repeats=3, pause=0)
    assert "".join(calls) == "ababab"
    assert timings == [[1, 3, 5], [2, 4, 6]]


def test_quartiles_are_those_of_the_timings() -> None:
    assert quartiles([5, 1, 4, 2, 3]) == Quartiles(2, 3, 4)
    assert quartiles([1, 2]) == Quartiles(1.25, 1.5, 1.75)


def test_rounds_fill_the_budget_within_their_bounds() -> None:
    effort = Effort(budget=10, least=3, most=20)
    assert [effort.rounds(ms) for ms in (1.0, 1000.0, 60_000.0)] == [20, 10, 3]
    assert Effort(repeats=2).rounds(1.0) == 2


def test_difference_is_relative_by_sample_and_infinite_where_undefined() -> None:
    theirs = np.array([[1.0, -3.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    ours = np.array([[1.0, -2.0], [0.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(apart(ours, theirs), [0.25, 0, math.inf, 0])
    ours[3, 0] = math.nan
    assert np.isinf(apart(ours, theirs)).all()


def test_results_that_differ_are_refused() -> None:
    rng = np.random.default_rng(0)
    theirs = {"relevance": rng.normal(size=(3, 1, 50))}
    close = {"relevance": theirs["relevance"] * (1 + 5e-3)}
    assert check_float64(theirs, theirs) == 0
    assert check_float32("epsilon", close, theirs) == pytest.approx(5e-3)
    for check in (check_float64, partial(check_float32, "epsilon-plus")):
        with pytest.raises(DisagreementError, match=r"5\.0e-03"):
            check(close, theirs)
    outputs = {"output": theirs["relevance"]}
    assert check_output(outputs, {"output": outputs["output"] * (1 + 5e-5)}) < 1e-4
    with pytest.raises(DisagreementError, match=r"5\.0e-03"):
        check_output({"output": close["relevance"]}, outputs)
    other = {"relevance": np.roll(theirs["relevance"], 1, axis=2)}
    with pytest.raises(DisagreementError):
        check_float32("epsilon", other, theirs)


def test_clipping_does_not_tell_two_steps_apart_but_another_gradient_does() -> None:
    rng = np.random.default_rng(0)
    ours = {"loss": np.array(2.3), "a": rng.normal(size=(3, 4)), "b": rng.normal(size=3)}
    clipped = ours | {"a": ours["a"] * 0.1, "b": ours["b"] * 0.1}
    assert check_step(ours, clipped) < 1e-12
    for wrong in ({"loss": np.array(2.4)}, {"b": ours["b"][::-1]}):
        with pytest.raises(DisagreementError):
            check_step(ours, clipped | wrong)


@pytest.mark.parametrize("module", ["ours", "peer"])
def test_a_training_step_reads_settings_that_exist(module: str) -> None:
    source = (Path(command.__file__).parent / f"{module}.py").read_text()
    read = set(re.findall(r'settings\["(\w+)"\]', source))
    assert {"rate", "clip"} <= read <= asdict(Settings()).keys()


def a_report() -> dict[str, Any]:
    timings = (Quartiles(9, 10, 11), Quartiles(24, 25, 260))
    comparison = Comparison(timings, (300.0, 600.0), repeats=7, difference=2e-6)
    about = {"net": "audionet", "rules": "epsilon", "weights": "random", "batch": 1}
    start = {"net": "audionet", "rules": "epsilon", "threads": 1, "engine": "ours"}
    return {
        "machine": {
            "processor": "abacus",
            "cores": 2,
            "system": "Linux x86_64",
            "versions": {"numpy": "2.0"},
            "date": "2026-01-01",
            "load": 0.5,
        },
        "rates": [{"threads": 1, "sgemm_gflops": 100.0, "memory_gb_s": 10.0}],
        "records": [record(about, "zennit", RATES, comparison, limit_ms=4.0)],
        "forward_passes": [],
        "cold_start": [start | {"cache": "warm", "seconds": 1.5, "runs": 5}],
    }


def test_a_record_holds_times_their_ratio_and_the_share_of_the_limit() -> None:
    (found,) = a_report()["records"]
    assert found.keys() >= FIELDS
    assert (found["ratio"], found["share_of_limit"]) == (2.5, 0.4)
    assert (found["ours_ms"], found["peer_quartiles_ms"]) == (10, [24, 260])


def test_tables_and_json_are_written_with_every_figure(tmp_path: Path) -> None:
    as_json, as_markdown = write(a_report(), tmp_path / "new", "latest")
    assert json.loads(as_json.read_text()) == a_report()
    lines = as_markdown.read_text().splitlines()
    row = "| audionet | epsilon | 1 | 1 | 10.0 (9.0, 11.0) | 25.0 (24.0, 260) | 2.50 | 300 | 600 |"
    assert f"{row} 40% |" in lines
    assert "| 1 | 100 | 10.0 |" in lines
    assert "| audionet | ours | warm | 1.50 | 5 |" in lines
    assert "the relevance differs by at most 2e-06" in markdown(a_report())


def test_without_zennit_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert command.main(["--quick"]) == 2
    assert 'pip install "lrp-audio[peers]"' in capsys.readouterr().err


def test_more_threads_than_cores_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert command.main(["--threads", "1", "100000"]) == 2
    assert "cores" in capsys.readouterr().err


def test_a_process_that_ends_early_is_noticed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PeerError, match="ours"), Peer("ours", tmp_path, 1) as peer:
        peer.call()
    assert "case.json" in capfd.readouterr().err


def test_our_process_finds_what_the_library_finds(tmp_path: Path) -> None:
    architecture = ARCHITECTURES["audionet"]
    network = architecture.build(architecture.initial(10, np.random.default_rng(0)))
    x = np.random.default_rng(1).standard_normal((1, *network.input_shape), np.float32)
    about = {"net": "audionet", "task": "explain", "rules": "epsilon", "dtype": "float32"}
    write_case(tmp_path / "case", network, x, **about)
    with Peer("ours", tmp_path / "case", 1) as peer:
        found = peer.result(tmp_path / "found.npz")
        assert peer.call() > 0
        assert peer.memory() > 50
    expected = Explain(tmp_path / "case", 1)()
    np.testing.assert_array_equal(found["relevance"], expected["relevance"])
    assert found["relevance"].shape == x.shape and found["relevance"].any()


@pytest.mark.parametrize("net", list(ARCHITECTURES))
def test_a_network_written_as_onnx_computes_the_same(net: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the extra `onnx`")
    (file,) = (path for path in written(tmp_path) if path.stem == net)
    read, network = read_onnx_network(file).network, network_of(net, "random", 0)
    x = np.random.default_rng(3).standard_normal((2, *network.input_shape), np.float32)
    np.testing.assert_allclose(read.forward(x), network.forward(x), rtol=1e-4, atol=1e-5)


def test_an_explanation_is_counted_in_forward_passes_of_onnxruntime(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `peers`")
    from benchmarks.onnx_file import write_onnx

    rng = np.random.default_rng(5)
    layers: list[tuple[str, Layer]] = [
        ("conv1", Conv1D(rng.standard_normal((4, 1, 3), np.float32), pad=(1,))),
        ("relu1", ReLU()),
        ("pool1", MaxPool1D((2,), (2,))),
        ("flatten", Flatten()),
        ("fc2", Dense(rng.standard_normal((5, 32), np.float32))),
    ]
    write_onnx(Network(chain(layers), (1, 16)), tmp_path / "tiny.onnx")
    noted: list[str] = []
    one, two = forward_passes([tmp_path / "tiny.onnx"], [3], [1], Effort(repeats=3), noted.append)
    assert [(row["net"], row["batch"], row["repeats"]) for row in (one, two)] == [
        ("tiny", 3, 3)
    ] * 2
    assert [row["rules"] for row in (one, two)] == ["epsilon", "epsilon-plus"]
    for row in (one, two):
        assert row["forward_passes"] == row["ours_ms"] / row["forward_ms"] > 0
        assert row["difference"] < 1e-5
    table = markdown(a_report() | {"forward_passes": [one, two]})
    assert f"| {one['forward_passes']:.1f} | {one['ours_rss_mb']:.0f} |" in table
    assert len(noted) == 2


def test_a_file_that_is_no_network_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra `peers`")
    (tmp_path / "note.onnx").write_text("not a network")
    assert one_explanation.main([str(tmp_path / "note.onnx")]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and "note.onnx" in shown and len(shown.splitlines()) == 1


def test_growth_is_linear_where_time_is_proportional_to_size() -> None:
    exponent, worst = linearity([(1, 3.0), (2, 4.0), (4, 8.0), (8, 16.0)])
    assert exponent == pytest.approx(1)
    assert worst == pytest.approx(1.5)
    assert linearity([(1, 1.0), (2, 4.0), (4, 16.0)])[0] == pytest.approx(2)


def test_a_sung_vowel_has_its_energy_at_the_harmonics_and_a_whispered_one_has_not() -> None:
    model = lrp_audio.load("audionet-digit")
    vowels = [(sung(190.0), RATE), (whispered(1), RATE)]
    pitched, noisy = model.explain_batch(vowels, domain="frequency")
    assert share([pitched], energy, 190.0) > 0.9
    assert share([pitched], energy, 203.0) < 0.1
    bins = share([noisy], one, 190.0)
    assert bins == pytest.approx(3 / 190, rel=0.1)
    assert share([noisy], energy, 190.0) < 4 * bins


@pytest.mark.parametrize("snr", [15.0, -3.0])
def test_words_in_noise_have_the_ratio_of_speech_to_noise_that_was_given(snr: float) -> None:
    samples, speech = recording("5_female", snr)
    noise = np.mean(samples[~speech] ** 2)
    words = np.mean(samples[speech] ** 2)
    assert 10 * np.log10(words / noise - 1) == pytest.approx(snr, abs=0.3)
