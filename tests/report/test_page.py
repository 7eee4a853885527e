"""The report page as a file: what it holds, how much of it, and that nothing in it is markup."""

import base64
import gzip
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import errors, example, explain

import lrp_audio
from lrp_audio.audio.domain import TimeFrequency
from lrp_audio.audio.stft import Stft
from lrp_audio.errors import LrpAudioError, ShapeError
from lrp_audio.explanation import Explanation
from lrp_audio.fronts import WAVEFORM
from lrp_audio.model import Model
from lrp_audio.outputs import Output
from lrp_audio.report.page import MOST_CLIPS, entry_of, save_page, writing
from lrp_audio.report.page.words import in_words

AXES = {"times": np.arange(8000) / 8000}
MAP = {"times": np.arange(100) / 100, "frequencies": np.arange(40) * 100.0}


@pytest.fixture(scope="module")
def waveform() -> Explanation:
    return lrp_audio.load("audionet-digit").explain(lrp_audio.example("7_female"))


@pytest.fixture(scope="module")
def spectrogram() -> Explanation:
    return lrp_audio.load("alexnet-digit").explain(lrp_audio.example("3_male"))


class Parts(HTMLParser):
    """Text of the elements of a page, by name, and the policy it declares."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.policy = ""
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Mapping[str, str | None] = dict(attrs)
        self.found.setdefault(tag, []).append("")
        self._open = tag
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(given["content"])

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[self._open][-1] += data


def data(path: Path) -> list[dict[str, Any]]:
    """What the page unpacks of each clip."""
    scripts = Parts(path.read_text(encoding="utf-8")).found["script"]
    return [json.loads(text) for text in scripts[:-1]]


def unpacked(piece: str) -> bytes:
    return gzip.decompress(base64.b64decode(piece))


def views(path: Path, clip: int = 0) -> list[tuple[str, str, str]]:
    return [(view["target"], view["rules"], view["domain"]) for view in data(path)[clip]["views"]]


# --- what is shown ---------------------------------------------------------------------------


def test_a_waveforms_relevance_is_shown_in_every_domain_its_own_first(
    tmp_path: Path, waveform: Explanation
) -> None:
    path = save_page(tmp_path / "page.html", [[waveform.in_domain(WAVEFORM.time_frequency)]])
    domains = [domain for _, _, domain in views(path)]
    assert domains == ["time-frequency", "time", "frequency"]


def test_what_is_shown_is_the_relevance(tmp_path: Path, spectrogram: Explanation) -> None:
    (view,) = data(save_page(tmp_path / "page.html", [[spectrogram]]))[0]["views"]
    cells = np.frombuffer(unpacked(view["relevance"]), "<i2").reshape(view["shape"])
    np.testing.assert_allclose(
        cells * (view["scale"] / 32767), spectrogram.relevance, atol=view["scale"] / 60000
    )
    assert json.loads(unpacked(view["summary"])) == spectrogram.summary()


def test_of_very_fine_bins_sums_are_shown(tmp_path: Path, waveform: Explanation) -> None:
    fine = waveform.in_domain(TimeFrequency(Stft(64, 8, length=8000), 8000))
    view = data(save_page(tmp_path / "page.html", [[fine]]))[0]["views"][0]
    assert fine.relevance.shape == (33, 1001)
    assert view["shape"] == [33, 251]
    cells = np.frombuffer(unpacked(view["relevance"]), "<i2") * (view["scale"] / 32767)
    assert cells.sum() == pytest.approx(fine.relevance.sum(), rel=1e-2)
    assert view["axes"]["times"] == pytest.approx([0.0015, 1.0])


def test_the_same_explanations_make_the_same_page(tmp_path: Path, waveform: Explanation) -> None:
    one, two = (save_page(tmp_path / name, [[waveform]]) for name in ("one", "two"))
    first, second = (
        re.sub(r'"summary": "[^"]*"', "", path.read_text(encoding="utf-8")) for path in (one, two)
    )
    assert first == second  # but for how long they took


def test_an_entry_is_of_one_clip_and_one_model(
    waveform: Explanation, spectrogram: Explanation
) -> None:
    with pytest.raises(ShapeError, match="one clip and one model"):
        entry_of([waveform, spectrogram])


# --- in words --------------------------------------------------------------------------------


def test_words_name_the_parts_that_speak_most() -> None:
    relevance = np.zeros(8000)
    relevance[1200:1600] = 0.01  # 0.15 to 0.20 s
    relevance[1600:2000] = 0.02
    relevance[4000:4400] = -0.03
    assert in_words(relevance, AXES, "one") == (
        "What speaks for one lies mostly at 0.15 to 0.25 s. "
        "What speaks against one lies mostly at 0.50 to 0.55 s."
    )


def test_words_of_a_map_name_time_and_frequency() -> None:
    relevance = np.zeros((40, 100))
    relevance[10:12, 50:55] = 1.0
    assert in_words(relevance, MAP, "one") == (
        "What speaks for one lies mostly at 0.50 to 0.55 s (1000 to 1250 Hz). "
        "Hardly anything speaks against one."
    )


def test_words_of_a_spectrum_do_not_join_what_is_apart() -> None:
    relevance = np.zeros(4001)
    relevance[[100, 300, 3000]] = 1.0
    assert "at 0 to 500 Hz and 3000 to 3250 Hz" in in_words(
        relevance, {"frequencies": np.arange(4001.0)}, "one"
    )


def test_words_of_nothing_say_so() -> None:
    assert in_words(np.zeros(8000), AXES, "one") == (
        "Hardly anything speaks for one. Hardly anything speaks against one."
    )


# --- one file, nothing but itself ------------------------------------------------------------


def test_style_and_script_are_those_that_the_policy_allows(
    tmp_path: Path, waveform: Explanation
) -> None:
    parts = Parts(save_page(tmp_path / "page.html", [[waveform]]).read_text(encoding="utf-8"))
    for name in ("style", "script"):
        digest = hashlib.sha256(parts.found[name][-1].encode()).digest()
        assert f"{name}-src 'sha256-{base64.b64encode(digest).decode()}'" in parts.policy
    assert parts.policy.startswith("default-src 'none'; ")
    assert "unsafe" not in parts.policy


def test_no_name_becomes_markup(tmp_path: Path, waveform: Explanation) -> None:
    bad = "<i>\"'&</script><script>alert(1)//"
    hostile = replace(
        waveform,
        clip=replace(waveform.clip, name=f"{bad}\u202e\n", notes=(bad,)),
        output=Output((bad,) * 10),
        model=bad,
        rules=bad,
    )
    usual = save_page(tmp_path / "usual.html", [[waveform]]).read_text(encoding="utf-8")
    text = save_page(tmp_path / "bad.html", [[hostile]]).read_text(encoding="utf-8")
    kinds = {tag: len(found) for tag, found in Parts(usual).found.items()}
    assert {tag: len(found) for tag, found in Parts(text).found.items()} == kinds
    assert "\u202e" not in text


def test_a_file_name_that_no_encoding_fits_is_shown(tmp_path: Path, waveform: Explanation) -> None:
    clip = replace(waveform.clip, name=os.fsdecode(b"seven-\xff.wav"))
    path = save_page(tmp_path / "page.html", [[replace(waveform, clip=clip)]])
    assert "seven-\\udcff.wav" in path.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, waveform: Explanation
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LrpAudioError, match="cannot be written"):
        save_page(tmp_path / "file" / "page.html", [[waveform]])


# --- how much --------------------------------------------------------------------------------


def test_a_page_takes_fifty_clips_and_says_that_there_are_more(
    tmp_path: Path, spectrogram: Explanation
) -> None:
    path = save_page(tmp_path / "page.html", ([spectrogram] for _ in range(MOST_CLIPS + 3)))
    assert len(data(path)) == MOST_CLIPS
    assert "Here are 50 of 53 clips" in path.read_text(encoding="utf-8")


def test_a_page_that_is_full_takes_no_more(
    tmp_path: Path, spectrogram: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = entry_of([spectrogram]).size
    monkeypatch.setattr(writing, "MOST_CHARACTERS", 2 * size + 1)
    path = save_page(tmp_path / "page.html", [[spectrogram]] * 9)
    assert len(data(path)) == 2
    assert path.stat().st_size < 2 * size + 100_000


# --- the command -----------------------------------------------------------------------------


def test_classes_and_rules_given_again_are_only_in_the_report(tmp_path: Path) -> None:
    asked = ["--target", "predicted", "--target", "1", "--target", "seven"]
    asked += ["--rules", "epsilon", "--rules", "epsilon-plus"]
    done = explain(tmp_path, example(7, "female"), *asked)
    assert done.returncode == 0
    alone = explain(tmp_path, example(7, "female"), "--rules", "epsilon", "--out", "alone")
    assert alone.returncode == 0
    summaries = [
        json.loads((tmp_path / out / "7_female" / "summary.json").read_text())
        | {"seconds": 0, "sha256": "of all the rest"}
        for out in ("lrp_out", "alone")
    ]
    assert summaries[0] == summaries[1]
    shown = views(tmp_path / "lrp_out" / "report.html")
    assert shown[0] == ("seven", "epsilon", "time")
    assert {view[:2] for view in shown} == {
        (target, rules) for target in ("seven", "one") for rules in ("epsilon", "epsilon-plus")
    }


def test_an_unknown_class_given_again_is_one_sentence(tmp_path: Path) -> None:
    done = explain(tmp_path, example(7, "female"), "--target", "7", "--target", "twelve")
    assert done.returncode == 2
    assert "has no class 'twelve'" in errors(done)[0]


def test_what_is_not_finite_is_said_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Model.explain_targets

    def spoilt(*arguments: Any) -> list[Explanation]:
        return [
            replace(explanation, relevance=np.full_like(explanation.relevance, np.nan))
            for explanation in original(*arguments)
        ]

    monkeypatch.setattr(Model, "explain_targets", spoilt)
    clip = example(7, "female")
    done = explain(tmp_path, clip, "--rules", "epsilon", "--rules", "epsilon-plus")
    assert done.returncode == 0
    assert "Not in the report: The relevance of" in done.stdout
    assert {rules for _, rules, _ in views(tmp_path / "lrp_out" / "report.html")} == {"epsilon"}


def test_after_resume_the_report_shows_all_clips(tmp_path: Path) -> None:
    (tmp_path / "rec").mkdir()
    for digit in (1, 2):
        (tmp_path / "rec" / f"{digit}.wav").write_bytes(example(digit, "male").read_bytes())
    assert explain(tmp_path, "rec").returncode == 0
    report = tmp_path / "lrp_out" / "report.html"
    names = [clip["name"] for clip in data(report)]
    report.unlink()
    (tmp_path / "lrp_out" / "2" / "summary.json").unlink()
    assert explain(tmp_path, "rec", "--resume").returncode == 0
    assert [clip["name"] for clip in data(report)] == names == ["1", "2"]


def test_explanations_may_be_given_alone_or_in_any_iterable(
    tmp_path: Path, spectrogram: Explanation
) -> None:
    given = [spectrogram, [spectrogram], [[spectrogram]], iter([iter([spectrogram])])]
    pages = [save_page(tmp_path / "page.html", one).read_bytes() for one in given]
    assert set(pages) == {pages[0]}
    assert len(data(tmp_path / "page.html")) == 1


@pytest.mark.parametrize("given", [None, 7, "page", [None], [[]], [["seven.wav"]]])
def test_what_is_no_explanation_is_refused(tmp_path: Path, given: Any) -> None:
    with pytest.raises(LrpAudioError, match=r"no explanations"):
        save_page(tmp_path / "page.html", given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 7, b"page.html"])
def test_what_is_no_path_of_a_page_is_refused(spectrogram: Explanation, path: Any) -> None:
    with pytest.raises(LrpAudioError, match="The path of the report is"):
        save_page(path, spectrogram)


def test_the_same_page_is_the_same_file(tmp_path: Path, waveform: Explanation) -> None:
    one, two = (save_page(tmp_path / name, waveform).read_bytes() for name in ("1", "2"))
    assert one == two


@pytest.mark.parametrize("sound", ["loud", None, ["masked"]])
def test_an_unknown_sound_of_a_page_is_refused(
    tmp_path: Path, spectrogram: Explanation, sound: Any
) -> None:
    with pytest.raises(LrpAudioError, match=r"no sound .*: choose weighted or masked"):
        save_page(tmp_path / "page.html", spectrogram, sound)
    assert list(tmp_path.iterdir()) == []
