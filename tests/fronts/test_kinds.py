"""Front ends declared by kind and plain parameters, as a TOML file holds them."""

import pickle
import tomllib

import pytest

from lrp_audio.errors import FrontError
from lrp_audio.fronts import Frames, LogMel, Magnitude, Mfcc, Spectrogram, Waveform, front_from
from lrp_audio.fronts.conventions import CONVENTIONS
from lrp_audio.fronts.kinds import KINDS


def declared(text: str) -> object:
    table = tomllib.loads(text)
    return front_from(table.pop("kind"), table)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('kind = "waveform"\nrate = 16000', Waveform(16000)),
        ('kind = "frames"\nrate = 16000\nhop_length = 160', Frames(16000, hop_length=160)),
        ('kind = "audionet-spectrogram"', Spectrogram()),
        ('kind = "magnitude"\nrate = 8000\nlength = 8000.0', Magnitude(8000, 8000)),
        (
            'kind = "log-mel"\nrate = 16000\nmean = [1, 2]\ndeviation = [1, 0.5]\nn_mels = 2',
            LogMel(16000, n_mels=2, mean=(1.0, 2.0), deviation=(1.0, 0.5)),
        ),
        ('kind = "log-mel"\nrate = 16000\ntop_db = inf', LogMel(16000, top_db=float("inf"))),
        ('kind = "log-mel"\nrate = 16000\nconvention = "librosa"', LogMel(16000)),
        (
            'kind = "log-mel"\nrate = 8000\nconvention = "kaldi"\nn_mels = 80\nscale = 1',
            LogMel(
                8000,
                n_fft=256,
                win_length=200,
                hop_length=80,
                window="povey",
                framing="snip-edges",
                preemphasis=0.97,
                remove_dc=True,
                n_mels=80,
                fmin=20,
                mel_scale="kaldi",
                mel_norm="none",
                log="natural",
                log_floor=2.0**-23,
                orientation="time-frequency",
            ),
        ),
        (
            'kind = "mfcc"\nrate = 16000\nconvention = "torchaudio"\nn_fft = 512',
            Mfcc(
                16000,
                n_fft=512,
                hop_length=256,
                pad_mode="reflect",
                mel_scale="htk",
                mel_norm="none",
                bin_spacing="nyquist",
                n_mfcc=40,
            ),
        ),
    ],
)
def test_a_table_declares_a_front_end(text: str, expected: object) -> None:
    found = declared(text)
    assert found == expected
    assert pickle.loads(pickle.dumps(found)) == expected
    assert hash(found) == hash(expected)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_made_and_says_what_depends_on_it(kind: str, convention: str) -> None:
    given: dict[str, object] = {"rate": 16000, "length": 16000}
    if kind == "audionet-spectrogram":
        given = {}
    elif kind not in ("waveform", "frames"):
        given["convention"] = convention
    front = front_from(kind, given)
    assert front.bounds[0] < front.bounds[1]
    assert front.domain == front.domains[0]
    assert front.segments.labels(front.shape).shape == front.shape
    assert front.bounded == front.rules.endswith("box")
    assert len(front.compared) == 3


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("melody", {}, "no front end 'melody': choose waveform, frames"),
        (None, {}, "no front end None: choose"),
        ("log-mel", {}, "log-mel needs rate"),
        ("log-mel", {"rate": 16000, "n_mel": 40}, "no parameter 'n_mel': did you mean n_mels?"),
        ("waveform", {"rate": 16000, "zz": 1}, "no parameter 'zz': it has rate, length, scale"),
        ("waveform", {"rate": 16000, "convention": "kaldi"}, "waveform has no convention"),
        ("mel", {"rate": 16000, "convention": "julius"}, "no convention 'julius': choose librosa"),
        ("log-mel", {"rate": "fast"}, "rate is 'fast'; expected a whole number from"),
        ("log-mel", {"rate": 0}, "rate is 0; expected"),
        ("log-mel", {"rate": 16000, "n_fft": 2**40}, "n_fft is 1099511627776; expected"),
        ("log-mel", {"rate": 16000, "n_mels": 10**9}, "n_mels is 1000000000; expected"),
        ("log-mel", {"rate": 16000, "length": 2**40}, "length is 1099511627776; expected"),
        ("log-mel", {"rate": 16000, "frames": 10**6, "hop_length": 9999}, "length is 99"),
        ("log-mel", {"rate": 16000, "frames": 2**40}, "frames is 1099511627776; expected"),
        (
            "magnitude",
            {"rate": 16000, "n_fft": 65536, "hop_length": 1, "length": 10**6},
            "makes 32,769,032,769 values of a clip; expected at most",
        ),
        ("frames", {"rate": 16000, "hop_length": 1, "length": 10**6}, "makes 1,022,952,448 values"),
        ("waveform", {"rate": 2**40}, "rate is 1099511627776; expected"),
        ("log-mel", {"rate": 16000, "n_fft": 512.5}, "n_fft is 512.5; expected a whole number"),
        ("log-mel", {"rate": 16000, "n_fft": True}, "n_fft is True; expected a whole number"),
        ("log-mel", {"rate": 16000, "hop_length": 0}, "hop_length is 0; expected"),
        ("log-mel", {"rate": 16000, "win_length": 4096}, "not longer than n_fft"),
        ("log-mel", {"rate": 16000, "window": "hanning"}, "window is 'hanning'; expected hann"),
        ("log-mel", {"rate": 16000, "window": ["hann"]}, "window is .'hann'.; expected hann"),
        (
            "log-mel",
            {"rate": 16000, "fmax": 9000},
            "fmax is 9000; expected a number from 0 to 8000",
        ),
        ("log-mel", {"rate": 16000, "fmin": 500, "fmax": 400}, "expected fmin below fmax"),
        (
            "mel",
            {"rate": 16000, "n_mels": 1, "fmin": 1, "fmax": 3},
            "No bin lies in any of 1 filters",
        ),
        ("log-mel", {"rate": 16000, "log": "ln"}, "log is 'ln'; expected db, natural or log10"),
        ("log-mel", {"rate": 16000, "log_floor": 0}, "silence would be minus infinity"),
        ("log-mel", {"rate": 16000, "log_reference": "mean"}, "log_reference is 'mean'; expected"),
        ("log-mel", {"rate": 16000, "log_reference": 0}, "log_reference is 0; expected"),
        ("log-mel", {"rate": 16000, "top_db": -1}, "top_db is -1; expected"),
        (
            "log-mel",
            {"rate": 16000, "mean": [1.0, 2.0]},
            "mean holds 2 numbers; expected one number",
        ),
        ("log-mel", {"rate": 16000, "mean": "0"}, "mean is '0'; expected finite numbers"),
        ("log-mel", {"rate": 16000, "mean": []}, "mean"),
        ("log-mel", {"rate": 16000, "deviation": 0}, "deviation is 0; expected numbers above 0"),
        ("log-mel", {"rate": 16000, "deviation": float("nan")}, "deviation is nan; expected"),
        (
            "log-mel",
            {"rate": 16000, "normalisation": "clip", "mean": 1},
            "mean and deviation are de",
        ),
        (
            "log-mel",
            {"rate": 16000, "scale": "loud"},
            "scale is 'loud'; expected what a full-scale",
        ),
        ("log-mel", {"rate": 16000, "remove_dc": 1}, "remove_dc is 1; expected true or false"),
        ("log-mel", {"rate": 16000, "remove_dc": True}, "framings snip-edges and kaldi-padded"),
        (
            "log-mel",
            {"rate": 16000, "length": 100, "framing": "uncentred"},
            "at least 2048 samples",
        ),
        ("log-mel", {"rate": 16000, "pad_value": float("inf")}, "pad_value is inf; expected a fin"),
        ("log-mel", {"rate": 16000, "orientation": "tf"}, "orientation is 'tf'; expected freq"),
        ("mfcc", {"rate": 16000, "n_mfcc": 200}, "no more coefficients than filters"),
        ("waveform", {"rate": 16000, "mean": [1, 2]}, "mean holds 2 numbers; expected one number"),
        ("waveform", {"rate": 16000, "normalisation": "bin"}, "normalisation is 'bin'; expected"),
        ("waveform", {"rate": 16000, "length": 1}, "length is 1; expected"),
        ("frames", {"rate": 16000, "length": 1000}, "at least 1024 samples"),
        ("frames", {"rate": 16000, "frame_length": "long"}, "frame_length is 'long'; expected"),
        ("audionet-spectrogram", {"rate": 16000}, "has no parameter"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(
    kind: object, given: dict[str, object], said: str
) -> None:
    with pytest.raises(FrontError, match=said) as refused:
        front_from(kind, given)
    message = str(refused.value)
    assert "\n" not in message
    assert message.endswith((".", "?"))
    assert len(message) < 300
