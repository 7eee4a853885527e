"""The command ``python -m lrp_audio.explain`` on one clip or two."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import FILES, errors, example, explain, explain_as_a_user, results

import lrp_audio


def test_without_arguments_a_bundled_clip_is_explained(tmp_path: Path) -> None:
    done = explain_as_a_user(tmp_path)
    assert done.returncode == 0
    assert errors(done) == []
    assert results(tmp_path / "lrp_out") == {"7_female": FILES}
    for said in ("class", "probability", "relevance_out", "stabiliser", "lrp_out/7_female"):
        assert said in done.stdout


def test_what_is_printed_agrees_with_the_summary(tmp_path: Path) -> None:
    done = explain(
        tmp_path, example(3, "male"), "--target", "5", "--rules", "epsilon", "--dtype", "float64"
    )
    assert done.returncode == 0
    summary = json.loads((tmp_path / "lrp_out" / "3_male" / "summary.json").read_text())
    assert summary["target"] == summary["classes"][5]
    assert summary["rules"] == "epsilon"
    assert summary["clip"] == str(example(3, "male"))
    best = max(range(10), key=lambda index: summary["logits"][index])
    assert summary["predicted"]["class"] == summary["classes"][best]
    logit = summary["logits"][5]
    assert summary["ledger"][0]["relevance_out"] == pytest.approx(logit)
    assert summary["ledger"][-1]["relevance_in"] == pytest.approx(summary["relevance_sum"])
    lines = [line.split() for line in done.stdout.splitlines()]
    assert any(
        line[:2] == [summary["classes"][best], f"{max(summary['logits']):.3f}"] for line in lines
    )
    for entry in summary["ledger"]:
        assert any(line[:2] == [entry["layer"], entry["rule"]] for line in lines)
    with np.load(tmp_path / "lrp_out" / "3_male" / "relevance.npz") as arrays:
        assert arrays["relevance"].shape == arrays["input"].shape == (8000,)
        assert arrays["relevance"].dtype == np.float64
        assert arrays["relevance"].sum() == pytest.approx(summary["relevance_sum"])


def test_the_relevance_of_every_layer_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    result = tmp_path / "lrp_out" / "3_male"
    sizes = []
    for chosen in ((), ("--layers",)):
        done = explain(tmp_path, example(3, "male"), "--model", "audionet-sex", *chosen)
        assert done.returncode == 0
        with np.load(result / "relevance.npz") as arrays:
            layers = {name for name in arrays if name.startswith("layer_")}
        sizes.append((result / "relevance.npz").stat().st_size)
        summary = json.loads((result / "summary.json").read_text())
        assert {"layer_input", "layer_conv3"} <= layers if chosen else not layers
        assert summary["settings"]["layers"] == bool(chosen)
    assert sizes[0] < 60_000 < sizes[1]


def test_help_names_every_option_and_gives_examples(tmp_path: Path) -> None:
    done = explain(tmp_path, "--help")
    assert done.returncode == 0
    options = {"--model", "--target", "--rules", "--domain", "--window", "--hop", "--sound"}
    options |= {"--sign", "--out", "--resume", "--batch", "--dtype"}
    for said in (*options, "audionet-digit", "examples:", "exit code"):
        assert said in done.stdout


def test_bad_clips_are_one_sentence_each_and_the_good_ones_are_still_explained(
    tmp_path: Path,
) -> None:
    speech, rate = soundfile.read(example(7, "female"))
    bad = [
        tmp_path / f"{name}.wav" for name in ("missing", "empty", "silent", "nan", "cut", "text")
    ]
    bad[1].touch()
    soundfile.write(bad[2], np.zeros(8000), 8000)
    soundfile.write(bad[3], np.where(np.arange(len(speech)) == 9, np.nan, speech), rate, "FLOAT")
    content = example(7, "female").read_bytes()
    bad[4].write_bytes(content[: len(content) // 2])
    bad[5].write_text("seven, said a file that is not audio\n" * 20)
    stereo, long = tmp_path / "stereo.flac", tmp_path / "long.ogg"
    soundfile.write(stereo, np.column_stack((speech, speech)), rate)
    soundfile.write(long, np.concatenate((np.zeros(2 * rate), speech, np.zeros(rate))), rate)

    done = explain(tmp_path, *bad[:3], stereo, *bad[3:], long, "--out", "out")
    assert done.returncode == 2
    assert results(tmp_path / "out", besides=["report.html", "results.csv"]) == {
        "stereo": FILES,
        "long": FILES,
    }
    said = errors(done)
    assert len(said) == len(bad)
    assert "6 of 8 clips could not be explained." in done.stderr
    expected = ("does not exist", "is empty", "is silent", "not finite", "cut off", "is not a WAV")
    for line, path, sentence in zip(said, bad, expected, strict=True):
        assert str(path) in line
        assert sentence in line


def test_what_was_done_to_fit_a_clip_is_said(tmp_path: Path) -> None:
    speech, rate = soundfile.read(example(7, "female"))
    long = tmp_path / "long.ogg"
    soundfile.write(long, np.concatenate((np.zeros(2 * rate), speech, np.zeros(rate))), rate)
    done = explain(tmp_path, example(7, "female"), long)
    assert done.returncode == 0
    assert "the loudest second" in done.stdout
    assert "centred" in done.stdout


def test_clips_of_one_stem_get_folders_of_their_own(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    speech, rate = soundfile.read(example(2, "male"))
    soundfile.write(other / "7_female.flac", speech, rate)
    done = explain(tmp_path, example(7, "female"), other / "7_female.flac")
    assert done.returncode == 0
    assert results(tmp_path / "lrp_out", besides=["report.html", "results.csv"]) == {
        "7_female": FILES,
        "7_female-2": FILES,
    }
    assert "7_female-2" in done.stdout
    second = json.loads((tmp_path / "lrp_out" / "7_female-2" / "summary.json").read_text())
    assert second["clip"].endswith("7_female.flac")


def test_a_file_name_that_no_encoding_fits_is_explained(tmp_path: Path) -> None:
    clip = tmp_path / os.fsdecode(b"seven-\xff.wav")
    try:
        clip.write_bytes(example(7, "male").read_bytes())
    except OSError:
        pytest.skip("this disk takes no such file name")
    done = explain_as_a_user(tmp_path, clip)
    assert done.returncode == 0
    assert "seven-\\udcff" in done.stdout
    assert results(tmp_path / "lrp_out") == {clip.stem: FILES}


@pytest.mark.parametrize("name", ["..wav", "...wav"])
def test_a_clip_named_with_dots_stays_inside_the_output_folder(tmp_path: Path, name: str) -> None:
    clip = tmp_path / name
    clip.write_bytes(example(7, "male").read_bytes())
    done = explain(tmp_path, clip, "--out", "a/b")
    assert done.returncode == 0
    assert results(tmp_path / "a", besides=[]) == {"b": ["clip", "report.html"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--target", "eleven"), ("eleven", "predicted", "seven")),
        (("--rules", "magic"), ("magic", "epsilon-plus", "lrp-0")),
        (("--model", "no-such-model"), ("no-such-model", "audionet-digit")),
        (("--target", "3", "--target", "0", "--target", "eleven"), ("eleven", "0 to 9")),
        (("--rules", "epsilon", "--rules", "magic"), ("magic", "epsilon-plus")),
        (("--window", "256"), ("Window and hop", "time-frequency")),
        (("--domain", "frequency", "--hop", "64"), ("Window and hop", "time-frequency")),
        (("--domain", "time-frequency", "--window", "9000"), ("9000", "2 to 8000")),
        (("--domain", "time-frequency", "--window", "64", "--hop", "0"), ("hop of 0", "1 to 64")),
    ],
)
def test_an_unknown_choice_is_one_sentence_that_lists_what_exists(
    tmp_path: Path, arguments: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    done = explain(tmp_path, example(7, "female"), example(8, "male"), *arguments)
    assert done.returncode == 2
    assert len(errors(done)) == 1
    assert all(word in errors(done)[0] for word in expected)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [("--batch", "0"), ("--batch", "few"), ("--domain", "space"), ("--sound", "loud")],
)
def test_a_value_that_an_option_does_not_take_is_refused(
    tmp_path: Path, arguments: tuple[str, str]
) -> None:
    done = explain(tmp_path, example(7, "female"), *arguments)
    assert done.returncode == 2
    assert arguments[0] in done.stderr.splitlines()[-1]
    assert arguments[1] in done.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_the_domain_and_its_windows_decide_where_relevance_lies(tmp_path: Path) -> None:
    chosen = ("--domain", "time-frequency", "--window", "256", "--hop", "100")
    assert explain(tmp_path, example(7, "female"), *chosen).returncode == 0
    result = tmp_path / "lrp_out" / "7_female"
    with np.load(result / "relevance.npz") as arrays:
        assert arrays["relevance"].shape == (129, 81)
        np.testing.assert_allclose(arrays["times"], np.arange(81) / 80)
    summary = json.loads((result / "summary.json").read_text())
    assert summary["domain"] == "time-frequency"
    assert summary["ledger"][-1]["layer"] == "inverse-stft"


def test_sound_and_sign_decide_what_is_heard(tmp_path: Path) -> None:
    clip = example(7, "female")
    assert explain(tmp_path, clip, "--sound", "masked", "--sign", "against").returncode == 0
    heard, rate = soundfile.read(tmp_path / "lrp_out" / "7_female" / "audible.wav")
    expected = lrp_audio.load("audionet-digit").explain(clip).sound("masked", "against")
    assert rate == soundfile.info(clip).samplerate
    np.testing.assert_allclose(heard, expected, atol=1e-3)


def test_an_output_folder_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = explain(tmp_path, example(7, "female"), "--out", "taken")
    assert done.returncode == 2
    assert len(errors(done)) == 1
    assert "taken" in errors(done)[0]


def test_a_read_only_output_folder_is_one_sentence(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    if os.access(out, os.W_OK):
        pytest.skip("this user may write to every folder")
    done = explain(tmp_path, example(7, "female"), "--out", "out")
    assert done.returncode == 2
    assert len(errors(done)) == 1
    assert "cannot be written" in errors(done)[0]
    assert not list(out.iterdir())
