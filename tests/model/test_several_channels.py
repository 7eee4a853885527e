"""Networks that take several channels, from a recording to an explanation."""

import io
import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command_line import explain
from small_network import LENGTH, NAMES, RATE, computed, folder_with

import lrp_audio
from lrp_audio.audio.clip import Clip, as_clip, at_rate, clip_from_samples, read_clip
from lrp_audio.audio.files import check_size
from lrp_audio.errors import ClipError, FrontError
from lrp_audio.fronts import Waveform
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.kinds import front_from
from lrp_audio.model import Model
from lrp_audio.model.command import main
from lrp_audio.types import Floats

onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

MEL: dict[str, Any] = {"kind": "log-mel", "rate": RATE, "length": LENGTH, "n_fft": 128}
MEL |= {"n_mels": 12, "hop_length": 32}
FRONTS: dict[str, dict[str, Any]] = {
    "waveform": {"kind": "waveform", "rate": RATE, "length": LENGTH},
    "waveform by its statistics": {
        "kind": "waveform",
        "rate": RATE,
        "length": LENGTH,
        "normalisation": "clip",
    },
    "log-mel": MEL | {"mean": -60.0, "deviation": 30.0},
    "log-mel by its statistics": MEL | {"normalisation": "clip", "log_reference": "max"},
    "log-mel of more frames": MEL | {"frames": 40, "pad_value": -70.0, "top_db": 50.0},
    "magnitude turned": {
        "kind": "magnitude",
        "rate": RATE,
        "length": LENGTH,
        "n_fft": 64,
        "orientation": "time-frequency",
    },
}
DOMAINS = ("time", "frequency", "time-frequency")


def front_of(name: str, channels: int = 2, **more: Any) -> FrontEnd:
    given = dict(FRONTS[name]) | {"channels": channels} | more
    return front_from(given.pop("kind"), given)


def graph(shape: tuple[int, ...], weights: np.ndarray) -> Any:
    """A convolution over inputs ``(channels, ...)``, a ReLU, and three outputs."""
    rng = np.random.default_rng(4)
    constants = {"w": weights, "b": rng.standard_normal(4), "v": rng.standard_normal((3, 4))}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], "conv"),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["g"], "pool"),
        helper.make_node("Flatten", ["g"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "v"], ["s"], "scores", transB=1),
    ]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info("s", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def weights_for(front: FrontEnd, seed: int = 3) -> np.ndarray:
    kernel = (16,) if len(front.shape) == 2 else (5, 3)
    return np.random.default_rng(seed).standard_normal((4, front.shape[0], *kernel))


def folder_of(path: Path, name: str, weights: np.ndarray | None = None) -> Path:
    front = front_of(name)
    declared = "\n".join(
        f"{key} = {json.dumps(value)}" for key, value in (FRONTS[name] | {"channels": 2}).items()
    )
    text = f'[network]\nfile = "model.onnx"\n\n[front]\n{declared}\n\n[output]\nnames = '
    weights = weights_for(front) if weights is None else weights
    return folder_with(path, graph(front.shape, weights), text + json.dumps(NAMES))


def model_of(path: Path, name: str, weights: np.ndarray | None = None) -> Model:
    return lrp_audio.load(folder_of(path, name, weights), "float64")


def stereo(seconds: float = 0.2, rate: int = RATE, seed: int = 0, channels: int = 2) -> Floats:
    """Noises ``(channels, time)`` that swell, each half as loud as the one before."""
    count = round(seconds * rate)
    noise = np.random.default_rng(seed).standard_normal((channels, count))
    levels = 0.1 * 0.5 ** np.arange(channels)
    return np.asarray(noise * np.linspace(0.05, 1, count) * levels[:, None])


@pytest.fixture
def street(tmp_path: Path) -> Path:
    path = tmp_path / "street.wav"
    soundfile.write(path, stereo().T, RATE, "FLOAT")
    return path


# --- relevance ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FRONTS)
def test_a_network_that_reads_one_channel_has_all_relevance_there(
    tmp_path: Path, street: Path, name: str
) -> None:
    weights = weights_for(front_of(name))
    for silent in (0, 1):
        one_sided = weights.copy()
        one_sided[:, silent] = 0
        model = model_of(tmp_path / str(silent), name, one_sided)
        explanation = model.explain(street, "siren", "epsilon-plus")
        own = explanation.layers["input"]
        assert own.shape == model.front.shape and np.abs(own[1 - silent]).max() > 0
        assert not own[silent].any()
        assert explanation.channel_relevance[silent] == 0
        assert explanation.channel_relevance[1 - silent] == pytest.approx(own.sum())
        assert (explanation.relevance != 0).any()


@pytest.mark.parametrize("name", FRONTS)
def test_channels_that_are_swapped_swap_their_relevance(tmp_path: Path, name: str) -> None:
    weights, given = weights_for(front_of(name)), stereo()
    one = model_of(tmp_path / "one", name, weights).explain((given, RATE), "drill")
    other = model_of(tmp_path / "other", name, weights[:, ::-1]).explain((given[::-1], RATE), 1)
    assert not np.allclose(one.channel_relevance[0], one.channel_relevance[1])
    np.testing.assert_allclose(other.layers["input"], one.layers["input"][::-1], atol=1e-9)
    np.testing.assert_allclose(other.channel_relevance, one.channel_relevance[::-1], rtol=1e-6)
    for domain in DOMAINS:
        np.testing.assert_allclose(
            other.in_domain(domain).relevance, one.in_domain(domain).relevance, atol=1e-9
        )


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("rules", ["lrp-0", "epsilon-plus", "epsilon-alpha2-beta1"])
def test_the_ledger_closes_over_all_channels(
    tmp_path: Path, street: Path, name: str, domain: str, rules: str
) -> None:
    explanation = model_of(tmp_path / "own", name).explain(street, "drill", rules, domain)
    assert explanation.ledger.worst_residual() < 1e-9
    last, scale = explanation.ledger.entries[-1], np.abs(explanation.channel_relevance).sum()
    assert last.relevance_in.sum() == pytest.approx(explanation.relevance.sum(), abs=1e-9 * scale)
    assert explanation.relevance.ndim == len(explanation.domain.along)
    lines = explanation.ledger.entries[-len(explanation.domain.layers) :]
    dropped = sum(e.dropped.sum() for e in lines) if explanation.domain.layers else 0.0
    assert explanation.relevance.sum() + dropped == pytest.approx(
        explanation.channel_relevance.sum(), abs=1e-9 * scale
    )


@pytest.mark.parametrize("name", ["waveform", "log-mel"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_relevance_in_a_domain_is_the_sum_of_that_of_each_channel_alone(
    tmp_path: Path, street: Path, name: str, domain: str
) -> None:
    explanation = model_of(tmp_path / "own", name).explain(street, "drill", domain=domain)
    alone = front_of(name, 1)
    channels = explanation.clip.channels
    assert channels is not None
    parts = [
        alone.choose(domain).carry(alone.plane(alone(samples)), own, samples).relevance
        for samples, own in zip(channels, explanation.layers["input"], strict=True)
    ]
    np.testing.assert_allclose(explanation.relevance, sum(parts), atol=1e-10)
    assert explanation.input.shape == (2, *alone.plane(alone(channels[0])).shape)


def test_a_network_of_two_channels_classifies_as_its_graph_does(
    tmp_path: Path, street: Path
) -> None:
    model = model_of(tmp_path / "own", "log-mel")
    made = graph(model.front.shape, weights_for(model.front))
    expected = computed(made, model.inputs(street))[0]
    np.testing.assert_allclose(model.logits(street)[0], expected, atol=1e-5)


@pytest.mark.parametrize("sign", ["for", "against"])
def test_the_sound_of_relevance_follows_the_channel_that_has_it(
    tmp_path: Path, street: Path, sign: Any
) -> None:
    weights = weights_for(front_of("log-mel"))
    weights[:, 0] = 0
    explanation = model_of(tmp_path / "own", "log-mel", weights).explain(street, "drill")
    alone, clip = front_of("log-mel", 1), explanation.clip
    assert clip.channels is not None
    own, right = explanation.layers["input"][1], clip.channels[1]
    mask = alone.mask(alone.domain, explanation.relevance, own, right, sign)
    heard = explanation.front.mask(
        explanation.domain, explanation.relevance, explanation.layers["input"], clip.channels, sign
    )
    np.testing.assert_allclose(heard, mask, atol=1e-12)
    assert explanation.sound("masked", sign).shape == clip.samples.shape


# --- inputs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["waveform", "log-mel", "log-mel of more frames"])
def test_each_channel_becomes_what_it_would_alone(name: str) -> None:
    front, alone, given = front_of(name), front_of(name, 1), stereo() * 32768
    np.testing.assert_array_equal(front(given), np.concatenate([alone(each) for each in given]))


@pytest.mark.parametrize("kind", ["peak", "clip", "clip-mean", "range", "percentile"])
def test_one_scale_for_all_channels_keeps_their_differences_in_level(kind: str) -> None:
    how = {"scale": kind} if kind == "peak" else {"normalisation": kind}
    front = Waveform(RATE, LENGTH, channels=2, **how)  # type: ignore[arg-type]
    given = stereo() * 32768
    np.testing.assert_allclose(
        front(given).std(1)[0] / front(given).std(1)[1], given.std(1)[0] / given.std(1)[1]
    )


def test_rows_are_normalised_in_each_channel() -> None:
    x = front_of("log-mel", mean=0.0, deviation=1.0, normalisation="bin")(stereo() * 32768)
    np.testing.assert_allclose(x.mean(-1), 0, atol=1e-9)
    np.testing.assert_allclose(x.std(-1), 1)


@pytest.mark.parametrize("name", ["waveform", "log-mel", "magnitude turned"])
def test_channels_lie_on_the_declared_axis(name: str) -> None:
    first, last, given = front_of(name), front_of(name, channel_axis="last"), stereo() * 32768
    x = last(given)
    assert last.shape == (*first.shape[1:], 2)
    np.testing.assert_array_equal(x, np.moveaxis(first(given), 0, -1))
    np.testing.assert_array_equal(last.plane(x), first.plane(first(given)))
    labels = last.segments.labels(last.shape)
    np.testing.assert_array_equal(labels, np.moveaxis(first.segments.labels(first.shape), 0, -1))
    np.testing.assert_array_equal(labels[..., 0], labels[..., 1])


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"channels": 2, "channel_axis": "none"}, "channels is 2 and channel_axis none"),
        ({"channels": 0}, "channels is 0"),
        ({"channels": 65}, "channels is 65"),
        ({"channels": "two"}, "channels is 'two'"),
    ],
)
@pytest.mark.parametrize("kind", ["waveform", "log-mel"])
def test_channels_that_no_network_takes_are_refused(
    kind: str, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(FrontError, match=sentence):
        front_from(kind, {"rate": RATE} | wrong)


# --- recordings --------------------------------------------------------------------------------


def sources(path: Path, given: Floats) -> list[Any]:
    soundfile.write(path, given.T, RATE, "FLOAT")
    content = path.read_bytes()
    return [path, content, io.BytesIO(content), (given, RATE), (given.T, RATE), (RATE, given)]


def test_every_source_gives_the_same_channels(tmp_path: Path) -> None:
    given = stereo().astype(np.float32)
    for source in sources(tmp_path / "a.wav", given):
        clip = as_clip(source, channels=2)
        assert clip.channels is not None
        np.testing.assert_allclose(clip.channels, given * 32768, rtol=1e-6)
        np.testing.assert_allclose(clip.samples, 32768 * given.mean(0), rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_channels_is_refused_in_a_sentence(tmp_path: Path, count: int) -> None:
    model = model_of(tmp_path / "own", "waveform")
    given = sources(tmp_path / "a.wav", stereo(channels=count))
    of = "1 channel" if count == 1 else "3 channels"
    for source in given:
        with pytest.raises(ClipError, match=f"has {of}"):  # before anything is decoded
            as_clip(source, channels=2)
    if count == 1:
        given += [(stereo()[0], RATE)]
    else:
        given += [read_clip(tmp_path / "a.wav", 3)]
    for source in given:
        with pytest.raises(ClipError, match=f"has {of}, and the network takes 2: give a rec") as no:
            model.explain(source)
        assert str(no.value).endswith(".") and "\n" not in str(no.value)


def test_a_clip_that_was_read_as_mono_is_refused(tmp_path: Path, street: Path) -> None:
    model = model_of(tmp_path / "own", "log-mel")
    with pytest.raises(ClipError, match="was read as mono, and the network takes 2 channels"):
        model.explain(read_clip(street))
    model.explain(read_clip(street, channels=2))


def test_networks_of_one_channel_are_given_no_others(street: Path) -> None:
    assert read_clip(street).channels is None
    assert clip_from_samples(stereo(), RATE).channels is None
    assert Waveform(RATE, LENGTH).fit(read_clip(street, 2)).channels is None


@pytest.mark.parametrize("seconds, short", [(0.05, "zeros"), (0.05, "repeat"), (0.7, "zeros")])
@pytest.mark.parametrize("rate", [RATE, 11025])
def test_channels_stay_aligned_when_they_are_resampled_and_fitted(
    seconds: float, short: str, rate: int
) -> None:
    given = stereo(seconds, rate)
    given[1] = np.roll(given[0], 7)  # a mistake of a sample in one channel would show
    front = Waveform(RATE, LENGTH, short=short, channels=2)
    fitted = front.fit(clip_from_samples(given, rate, channels=2))
    assert fitted.channels is not None and fitted.channels.shape == (2, LENGTH)
    np.testing.assert_allclose(fitted.channels.mean(0), fitted.samples, atol=1e-6)
    changed = Waveform(RATE, LENGTH, short=short).fit(clip_from_samples(given, rate))
    np.testing.assert_array_equal(fitted.samples, changed.samples)
    assert fitted.notes == changed.notes
    whole = at_rate(clip_from_samples(given[0], rate), RATE).samples
    if seconds > 0.2:
        start = next(
            i
            for i in range(len(whole) - LENGTH + 1)
            if np.allclose(whole[i : i + LENGTH], fitted.channels[0])
        )
        right = at_rate(clip_from_samples(given[1], rate), RATE).samples
        np.testing.assert_allclose(fitted.channels[1], right[start : start + LENGTH])


def test_channels_that_cancel_each_other_are_explained_as_they_are(tmp_path: Path) -> None:
    given = stereo()
    given[1] = -given[0]
    explanation = model_of(tmp_path / "own", "waveform").explain((given, RATE), "drill")
    clip = explanation.clip
    assert clip.channels is not None
    np.testing.assert_array_equal(clip.channels[1], -clip.channels[0])
    np.testing.assert_array_equal(clip.samples, clip.channels[0])
    assert "channel 1 is drawn and heard" in " ".join(clip.notes)


def test_recordings_too_large_with_all_their_channels_are_refused() -> None:
    check_size("long.wav", 48_000 * 60, 48_000, 32)
    check_size("long.wav", 48_000 * 60 * 30, 48_000, 2)
    with pytest.raises(ClipError, match=r"too long for 32 channels .* at most 112 s of it"):
        check_size("long.wav", 48_000 * 113, 48_000, 32)


def test_a_clip_whose_channels_do_not_fit_its_samples_is_refused(street: Path) -> None:
    clip = read_clip(street, 2)
    assert clip.channels is not None
    for wrong in (clip.channels[:, 1:], clip.channels[0], clip.channels.astype(np.float64)):
        with pytest.raises(ClipError, match="has channels of"):
            replace(clip, channels=wrong)
    bad = clip.channels.copy()
    bad[1, 5] = np.nan
    with pytest.raises(ClipError, match="not finite"):
        replace(clip, channels=bad)


# --- batches, pickling, the command ------------------------------------------------------------


@pytest.mark.parametrize("name", ["waveform", "log-mel"])
def test_a_batch_gives_what_each_recording_gives_alone(tmp_path: Path, name: str) -> None:
    model = model_of(tmp_path / "own", name)
    given = [(stereo(0.1 + 0.1 * n, seed=n), RATE) for n in range(3)]
    together = model.explain_batch(given, domain="frequency")
    for source, explanation, index in zip(
        given, together, model.classify_batch(given), strict=True
    ):
        alone = model.explain(source, domain="frequency")
        np.testing.assert_allclose(explanation.relevance, alone.relevance, atol=1e-9)
        np.testing.assert_allclose(explanation.channel_relevance, alone.channel_relevance)
        assert index == alone.target
    every = model.explain_targets(given[0], list(NAMES))
    np.testing.assert_allclose(
        every[together[0].target].layers["input"], together[0].layers["input"]
    )


def test_clips_of_any_length_keep_their_channels(tmp_path: Path) -> None:
    front = Waveform(RATE, channels=2)
    (tmp_path / "model.onnx").write_bytes(
        graph((2, "T"), weights_for(front_of("waveform"))).SerializeToString()  # type: ignore[arg-type]
    )
    model = lrp_audio.read_onnx(tmp_path / "model.onnx", front, NAMES, dtype="float64")
    assert isinstance(model, Model)
    for domain in DOMAINS:
        found = model.explain((stereo(0.37), RATE), "drill", domain=domain)
        assert found.layers["input"].shape == (2, round(0.37 * RATE))
        assert found.ledger.worst_residual() < 1e-9


def test_models_clips_and_explanations_of_several_channels_survive_pickling(
    tmp_path: Path, street: Path
) -> None:
    model = model_of(tmp_path / "own", "log-mel")
    clip: Clip = pickle.loads(pickle.dumps(read_clip(street, 2)))
    again = pickle.loads(pickle.dumps(model)).explain(clip)
    explanation = pickle.loads(pickle.dumps(model.explain(street)))
    np.testing.assert_array_equal(again.relevance, explanation.relevance)
    np.testing.assert_array_equal(
        again.in_domain("time").relevance, explanation.in_domain("time").relevance
    )


@pytest.mark.parametrize("name", ["waveform", "log-mel"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_the_command_explains_a_stereo_recording(
    tmp_path: Path, street: Path, name: str, domain: str
) -> None:
    own = folder_of(tmp_path / "own", name)
    given = (street, "--model", own, "--target", "siren", "--domain", domain, "--out", "out")
    done = explain(tmp_path, *given, "--layers")
    assert done.returncode == 0, done.stderr
    (summary,) = (tmp_path / "out").rglob("summary.json")
    told = json.loads(summary.read_text(encoding="utf-8"))
    expected = lrp_audio.load(own).explain(street, "siren", domain=domain)
    assert told["channel_relevance"] == pytest.approx(expected.channel_relevance, rel=1e-4)
    with np.load(summary.parent / "relevance.npz") as arrays:
        np.testing.assert_allclose(arrays["relevance"], expected.relevance, atol=1e-6)
        assert arrays["layer_input"].shape == expected.front.shape
    sound, rate = soundfile.read(summary.parent / "audible.wav")
    assert rate == RATE and sound.shape == (LENGTH,)
    assert (summary.parent / "heatmap.png").is_file() and (tmp_path / "out/report.html").is_file()


def test_the_command_says_that_a_mono_recording_has_too_few_channels(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mono.wav", stereo()[0], RATE)
    own = folder_of(tmp_path / "own", "waveform")
    done = explain(tmp_path, "mono.wav", "--model", own, "--out", "out")
    assert done.returncode != 0
    assert "mono.wav has 1 channel, and the network takes 2" in done.stderr
    assert not list((tmp_path / "out").rglob("summary.json"))


def test_the_check_of_a_model_says_how_many_channels_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(folder_of(tmp_path / "own", "log-mel"))]) == 0
    assert f"at {RATE} Hz, 2 channels" in capsys.readouterr().out


def test_summaries_of_networks_of_one_channel_stay_as_they_were() -> None:
    explanation = lrp_audio.load("audionet-digit").explain(lrp_audio.example())
    assert "channel_relevance" not in explanation.summary()
    assert explanation.channel_relevance == pytest.approx([explanation.relevance.sum()], rel=1e-4)
