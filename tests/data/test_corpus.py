"""Corpora: the layouts that are read, what is known of their speakers, and how they are split."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lrp_audio.audio.clip import Clip, read_clip
from lrp_audio.audio.formats import SUFFIXES
from lrp_audio.data import reading
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.layouts import META
from lrp_audio.data.reading import read, readable
from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import Sex, known_speaker
from lrp_audio.data.split import (
    balanced_weights,
    drawing_weights,
    split_official,
    split_speakers,
)
from lrp_audio.data.voices import voices
from lrp_audio.errors import ClipError, DataError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def fsdd_like(folder: Path, speakers: tuple[str, ...], count: int = 8) -> tuple[Recording, ...]:
    for speaker in speakers:
        names = (f"{digit}_{speaker}_{index}.wav" for digit in (3, 7) for index in range(count))
        touch(folder / speaker, *names)
    return find_recordings([folder])


# --- FSDD's layout ------------------------------------------------------------------------------


def test_recordings_are_found_below_folders_and_read_from_their_names(tmp_path: Path) -> None:
    found = fsdd_like(tmp_path, ("ann", "bob"), 1)
    touch(tmp_path, "readme.txt", "seven.wav", "7.wav", "77_ann_3.wav")
    assert find_recordings([tmp_path]) == found
    touch(tmp_path, "folder.wav/9_cem_0.wav")
    assert len(find_recordings([tmp_path])) == len(found) + 1
    assert [(r.digit, r.speaker, r.index) for r in found] == [
        (3, "ann", 0),
        (7, "ann", 0),
        (3, "bob", 0),
        (7, "bob", 0),
    ]
    assert found[0].path == tmp_path / "ann" / "3_ann_0.wav"


def test_a_recording_without_an_index_is_for_testing(tmp_path: Path) -> None:
    touch(tmp_path, "7_ann.wav")
    (found,) = find_recordings([tmp_path])
    assert (found.digit, found.speaker, found.index) == (7, "ann", 0)
    assert found.official_test


@pytest.mark.parametrize(
    ("name", "who", "sex", "official"),
    [
        ("7_jackson_4.wav", "fsdd/jackson", "male", True),
        ("7_jackson_5.wav", "fsdd/jackson", "male", False),
        ("7_female.wav", "examples/female", "female", True),
        ("7_male.wav", "examples/male", "male", True),
        ("7_espeakEngbscotlandF1_5.wav", "synthetic/espeakF1", "female", False),
        ("7_espeakEnusMMarco_6.wav", "synthetic/espeakMMarco", "male", False),
        ("7_fliteSlt_5.wav", "synthetic/fliteSlt", "female", False),
        ("7_ann_0.wav", "mine/ann", None, True),
    ],
)
def test_speakers_that_are_known_bring_their_corpus_and_sex(
    name: str, who: str, sex: Sex | None, official: bool, tmp_path: Path
) -> None:
    touch(tmp_path / "mine", name)
    (found,) = find_recordings([tmp_path / "mine"])
    assert (found.who, found.sex, found.official_test) == (who, sex, official)


@pytest.mark.parametrize(
    ("name", "speaker", "index"),
    [
        ("3_van_der_berg_12.wav", "van_der_berg", 12),
        ("3_speaker_01_7.wav", "speaker_01", 7),
        ("3_o'neil-smith_7.flac", "o'neil-smith", 7),
        ("3_jo ann_7.mp3", "jo ann", 7),
        ("3_ANNA_2.WAV", "ANNA", 2),
        ("3_anna_2.Flac", "anna", 2),
        ("3_anna.OGG", "anna", 0),
        ("3_anna_lee.aiff", "anna_lee", 0),
        ("3_01.wav", "01", 0),
        ("3_fran\u00e7ois_1.wav", "fran\u00e7ois", 1),
        ("3_franc\u0327ois_1.wav", "fran\u00e7ois", 1),
    ],
)
def test_a_name_is_read_whatever_its_suffix_and_the_shape_of_its_speaker(
    name: str, speaker: str, index: int, tmp_path: Path
) -> None:
    touch(tmp_path, name)
    said: list[str] = []
    (found,) = find_recordings([tmp_path], said.append)
    assert (found.digit, found.speaker, found.index) == (3, speaker, index)
    assert found.path == tmp_path / name
    assert said == []


@pytest.mark.parametrize("suffix", [".FLAC", ".ogg", ".Wav", ".mp3"])
def test_audiomnists_layout_is_read_in_every_format(suffix: str, tmp_path: Path) -> None:
    root = audiomnist(tmp_path / "mnist")
    touch(root, f"data/12/4_12_3{suffix}")
    found = [r for r in find_recordings([root]) if r.digit == 4]
    assert [(r.who, r.sex, r.index) for r in found] == [("mnist/12", "female", 3)]


def test_sentences_of_emodb_are_known_in_upper_case_and_other_formats(tmp_path: Path) -> None:
    sentence(tmp_path / "13B09WB.WAV", 1.5)
    sentence(tmp_path / "14a07Fd.aiff", 1.0)
    soundfile.write(tmp_path / "03a01Fa.flac", np.linspace(0, 0.5, 24000), 16000)
    content = bytearray((tmp_path / "03a01Fa.flac").read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)  # a stream whose length was not known when it was written
    (tmp_path / "03a01Fa.flac").write_bytes(content)
    found = find_recordings([tmp_path])
    assert [(r.speaker, r.begin) for r in found] == [
        ("03", 0.0),
        ("03", 0.5),
        ("13", 0.0),
        ("13", 0.5),
        ("14", 0.0),
    ]


def test_sound_that_is_passed_over_is_counted_and_named_once(tmp_path: Path) -> None:
    touch(
        tmp_path, "7_ann_0.wav", "notes.txt", "a/7.wav", "a/7_ann_0 (1).flac", "a/seven_ann_0.mp3"
    )
    touch(tmp_path, "a/7__0.ogg", "7_ann_1.m4a", "7_\x1b[31m_.wav", ".hidden/x.wav")
    told: list[str] = []
    find_recordings([tmp_path, tmp_path], told.append)
    (said,) = told
    assert "5 files (" in said
    assert "and 2 more): expected are names like 7_jackson_12.wav" in said
    assert "1 file ('7_ann_1.m4a'): libsndfile" in said
    assert "\x1b" not in said
    for other in ("notes.txt", "hidden", "'7_ann_0.wav'"):
        assert other not in said


def test_a_folder_of_recordings_that_fit_no_layout_is_refused_by_their_names(
    tmp_path: Path,
) -> None:
    touch(tmp_path, "one.flac", "two.wma")
    with pytest.raises(DataError, match=r"holds no recordings.*'one\.flac'.*'two\.wma'"):
        find_recordings([tmp_path])


def test_a_synthetic_speaker_is_the_same_in_every_accent() -> None:
    known = {voice.name: known_speaker(voice.name) for voice in voices()}
    speakers = set(filter(None, known.values()))
    assert [speaker and speaker[2] for speaker in known.values()] == [v.sex for v in voices()]
    assert sum(sex == "female" for _, _, sex in speakers) == 13 + 1
    assert sum(sex == "male" for _, _, sex in speakers) == 18 + 3
    assert known["espeakEnusF1"] == known["espeakEngbF1"] == ("synthetic", "espeakF1", "female")
    assert known_speaker("espeakF1") is None


def test_a_recording_that_two_folders_share_counts_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/7_theo_1.wav", "a/8_theo_1.wav")
    assert len(find_recordings([tmp_path / "a", tmp_path, tmp_path / "a"])) == 2


def test_a_recording_is_found_once_whatever_the_paths_to_it(tmp_path: Path) -> None:
    mine = tmp_path / "all" / "mine"
    touch(mine, "7_ann_1.wav", "8_ann_1.wav")
    sentence(mine / "03a01Fa.wav", 1.5)
    (tmp_path / "linked").symlink_to(mine)
    (tmp_path / "picked").mkdir()
    (tmp_path / "picked" / "8_ann_1.wav").symlink_to(mine / "8_ann_1.wav")
    expected = find_recordings([mine])
    assert len(expected) == 4
    for other in ("all", "linked", "picked", "picked/../all/mine"):
        assert find_recordings([mine, tmp_path / other]) == expected


@pytest.mark.parametrize(
    ("suffixes", "used"),
    [
        ((".flac", ".wav"), ".wav"),
        ((".mp3", ".Flac"), ".Flac"),
        ((".ogg", ".aiff", ".mp3"), ".aiff"),
        ((".opus", ".mp3"), ".opus"),
        ((".WAV", ".wav"), ".WAV"),
    ],
)
def test_of_a_recording_in_several_formats_side_by_side_one_is_used_and_the_others_named(
    suffixes: tuple[str, ...], used: str, tmp_path: Path
) -> None:
    names = [f"7_fran\u00e7ois_1{suffix}" for suffix in suffixes]
    touch(tmp_path, "b/7_fran\u00e7ois_1.au", *(f"a/{name}" for name in names))
    said: list[str] = []
    first, other = find_recordings([tmp_path], said.append)
    assert (first.path.suffix, other.path.suffix) == (used, ".au")
    assert "the same recordings lie beside them in another format" in said[0]
    assert [f"'{name}'" in said[0] for name in names] == [suffix != used for suffix in suffixes]


def test_a_folder_without_recordings_is_one_sentence(tmp_path: Path) -> None:
    fsdd_like(tmp_path / "all", ("ann", "bob"))
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(DataError, match=r"holds no recordings; expected .* 7_jackson_12\.wav"):
            find_recordings([tmp_path / "all", folder])


# --- AudioMNIST's layout ------------------------------------------------------------------------

SPEAKERS = {
    "01": {"gender": "male", "age": 30},
    "12": {"gender": "Female", "age": "1234"},
    "45": {"gender": None, "age": None},
    "46": ["male"],
}


def audiomnist(
    root: Path, meta: str = META, below: str = "data", content: str = json.dumps(SPEAKERS)
) -> Path:
    names = (
        f"{below}/{speaker}/7_{speaker}_{rep}.wav" for speaker in ("01", "12") for rep in (0, 9)
    )
    touch(root, meta, *names)
    (root / meta).write_text(content)
    return root


@pytest.mark.parametrize("meta", [META, f"data/{META}"])
@pytest.mark.parametrize("below", [".", "data"])
@pytest.mark.parametrize("given", [".", ".."])
def test_audiomnist_is_read_wherever_its_meta_file_lies(
    meta: str, below: str, given: str, tmp_path: Path
) -> None:
    root = audiomnist(tmp_path / "all" / "mnist", meta, below)
    found = find_recordings([root / given])
    assert [(r.digit, r.who, r.sex, r.index) for r in found] == [
        (7, "mnist/01", "male", 0),
        (7, "mnist/01", "male", 9),
        (7, "mnist/12", "female", 0),
        (7, "mnist/12", "female", 9),
    ]


@pytest.mark.parametrize("meta", [META, f"data/{META}"])
def test_audiomnist_is_the_same_corpus_when_its_data_folder_is_given(
    meta: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = audiomnist(tmp_path / "mnist", meta)
    found = find_recordings([root / "data"])
    assert found == find_recordings([root])
    monkeypatch.chdir(root / "data")
    here = find_recordings([Path()])
    assert [(r.who, r.sex) for r in here] == [(r.who, r.sex) for r in found]


def test_repetitions_of_audiomnist_are_no_official_test_recordings(tmp_path: Path) -> None:
    found = find_recordings([audiomnist(tmp_path / "mnist")])
    assert not any(r.official_test for r in found)


def test_speakers_that_the_meta_file_does_not_tell_have_no_sex(tmp_path: Path) -> None:
    root = audiomnist(tmp_path / "mnist")
    touch(root, *(f"data/{speaker}/7_{speaker}_1.wav" for speaker in ("45", "46", "60")))
    sexes = {r.speaker: r.sex for r in find_recordings([root])}
    assert sexes == {"01": "male", "12": "female", "45": None, "46": None, "60": None}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON"),
        ("{'01': 'male'}", "is not JSON"),
        ("[" * 200_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        (" " * 1_000_001, "cannot be read .it is larger than 1,000,000 bytes."),
    ],
)
def test_a_damaged_meta_file_is_one_sentence(content: str, said: str, tmp_path: Path) -> None:
    root = audiomnist(tmp_path / "mnist", content=content)
    with pytest.raises(DataError, match=rf"{META} {said}.*copy AudioMNIST's meta file again"):
        find_recordings([root])


# --- EmoDB's layout -----------------------------------------------------------------------------


def sentence(path: Path, seconds: float, rate: int = 16000) -> Path:
    """Write a ramp that says at every instant how far the file has come."""
    soundfile.write(path, np.linspace(0, 0.5, round(seconds * rate)), rate, subtype="FLOAT")
    return path


@pytest.mark.parametrize("size", [1_100_000_000, 40_000_000_000])
def test_a_sentence_that_ends_in_gigabytes_of_zeros_is_refused_at_once(
    size: int, tmp_path: Path
) -> None:
    path = tmp_path / "03a01Fa.flac"
    soundfile.write(path, np.linspace(0, 0.5, 32000), 16000)
    os.truncate(path, size)
    begun = time.process_time()
    _, errors = readable(find_recordings([tmp_path]), 16000)
    assert time.process_time() - begun < 2
    assert "03a01Fa.flac has more than 1 GB" in str(errors[0])


@pytest.mark.parametrize(
    ("seconds", "begins"),
    [(0.6, [None]), (1.0, [0.0]), (1.5, [0.0, 0.5]), (3.25, [0.0, 1.0, 2.0, 2.25])],
)
def test_a_sentence_is_one_recording_for_each_second_and_the_last_ends_with_it(
    seconds: float, begins: list[float | None], tmp_path: Path
) -> None:
    sentence(tmp_path / "03a01Fa.wav", seconds)
    found = find_recordings([tmp_path])
    assert [r.begin for r in found] == begins
    assert [r.index for r in found] == list(range(len(begins)))
    assert {(r.digit, r.who, r.sex, r.official_test) for r in found} == {
        (None, "emodb/03", "male", False)
    }


def test_the_sex_of_emodbs_speakers_is_known(tmp_path: Path) -> None:
    for speaker in ("08", "09", "10", "11", "16", "17"):
        sentence(tmp_path / f"{speaker}b10Wc.wav", 1.0)
    sexes = [r.sex for r in find_recordings([tmp_path])]
    assert sexes == ["female", "female", "male", "male", "female", None]


@pytest.mark.parametrize("rate", [8000, 16000, 22050])
def test_a_window_is_read_as_its_own_second_at_8_khz(rate: int, tmp_path: Path) -> None:
    path = sentence(tmp_path / "03a01Fa.wav", 2.7183, rate)
    for recording in find_recordings([tmp_path]):
        clip = read(recording, 8000)
        assert clip.samples.shape == (8000,)
        assert clip.name == str(path)
        assert recording.begin is not None
        middle = (recording.begin + 0.5) / 2.7183 * 0.5 * 32768
        assert clip.samples[3900:4100].mean() == pytest.approx(middle, rel=1e-3)


def test_a_recording_that_is_no_window_is_read_whole(tmp_path: Path) -> None:
    sentence(tmp_path / "7_theo_0.wav", 1.5)
    assert read(find_recordings([tmp_path])[0], 8000).seconds == 1.5


def test_a_silent_window_of_a_sentence_is_refused(tmp_path: Path) -> None:
    samples = np.zeros(16000)
    samples[:4000] = np.sin(np.arange(4000))
    soundfile.write(tmp_path / "03a01Fa.wav", samples, 8000)
    first, second = find_recordings([tmp_path])
    assert read(first, 8000).samples.any()
    with pytest.raises(ClipError, match="is silent"):
        read(second, 8000)


def test_sentences_that_cannot_be_read_are_found_and_refused_when_they_are_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "03a01Fa.wav").write_bytes(sentence(tmp_path / "whole.wav", 2.5).read_bytes()[:900])
    (tmp_path / "08a01Na.flac").write_text("no sound")
    touch(tmp_path, "10b10Wc.wav")
    sentence(tmp_path / "11b10Wc.wav", 1.5)
    found = find_recordings([tmp_path])
    assert [(r.speaker, r.begin) for r in found] == [
        ("03", None),
        ("08", None),
        ("10", None),
        ("11", 0.0),
        ("11", 0.5),
    ]
    usable, errors = readable(found, 8000)
    assert usable == list(found[3:])
    said = ("03a01Fa.wav is cut off", "08a01Na.flac is not a", "10b10Wc.wav is empty")
    assert [part in str(error) for part, error in zip(said, errors, strict=True)] == [True] * 3


def test_a_sentence_whose_header_promises_what_is_not_there_is_one_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The header says 25 minutes; there is a second."""
    path = tmp_path / "03a01Fa.flac"
    soundfile.write(path, np.sin(np.arange(16000) / 9), 16000)
    content = bytearray(path.read_bytes())
    content[22:26] = (25 * 60 * 16000).to_bytes(4, "big")
    path.write_bytes(content)
    (found,) = find_recordings([tmp_path])
    assert found.begin is None
    _, (error,) = readable([found], 8000)
    assert "cut off" in str(error)


def test_a_file_that_breaks_after_it_was_found_is_decoded_once_for_all_of_its_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sentence(tmp_path / "03a01Fa.wav", 9.0)
    found = find_recordings([tmp_path])
    path.write_bytes(path.read_bytes()[:-100])
    reads: list[Path] = []

    def counted(path: Path) -> Clip:
        reads.append(path)
        return read_clip(path)

    monkeypatch.setattr(reading, "read_clip", counted)
    usable, errors = readable(found, 8000)
    assert (usable, len(errors), len(reads)) == ([], 1, 1)


@pytest.mark.usefixtures("closed_folders")
def test_what_cannot_be_listed_or_is_no_file_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "open/7_ann_0.wav", "closed/7_bob_0.wav")
    os.mkfifo(tmp_path / "open" / "7_pipe_0.wav")
    os.mkfifo(tmp_path / "open" / "03a01Fa.wav")
    (tmp_path / "open" / "7_gone_0.wav").symlink_to("elsewhere.wav")
    with pytest.raises(ClipError, match="closed cannot be listed"):
        find_recordings([tmp_path])
    errors: list[ClipError] = []
    found = find_recordings([tmp_path], unlisted=errors.append)
    assert ["closed cannot be listed" in str(error) for error in errors] == [True]
    assert [r.speaker for r in found] == ["03", "ann", "gone", "pipe"]
    usable, refused = readable(found, 8000)
    assert usable == []
    said = ("not a regular file", "is empty", "does not exist", "not a regular file")
    assert [part in str(e) for part, e in zip(said, refused, strict=True)] == [True] * 4
    with pytest.raises(DataError, match="closed cannot be listed"):
        find_recordings([tmp_path / "closed"])


def test_a_pipe_in_the_place_of_a_meta_file_is_not_waited_for(tmp_path: Path) -> None:
    touch(tmp_path, "data/01/7_01_0.wav")
    os.mkfifo(tmp_path / META)
    for folder in (tmp_path, tmp_path / "data"):
        with pytest.raises(DataError, match="not a regular file"):
            find_recordings([folder])


def test_one_folder_may_mix_layouts(tmp_path: Path) -> None:
    audiomnist(tmp_path / "mnist")
    touch(tmp_path, "mnist/data/others/7_theo_0.wav")
    (tmp_path / "emodb").mkdir()
    sentence(tmp_path / "emodb" / "03a01Fa.wav", 1.0)
    assert {r.corpus for r in find_recordings([tmp_path])} == {"mnist", "fsdd", "emodb"}


# --- the official split -------------------------------------------------------------------------


def test_official_test_recordings_and_held_out_speakers_are_never_trained_on(
    tmp_path: Path,
) -> None:
    found = fsdd_like(tmp_path, ("ann", "bob", "cem"))
    split = split_official(found, held_out=["bob"])
    assert {(r.speaker, r.index) for r in split.training} == {
        (speaker, index) for speaker in ("ann", "cem") for index in (5, 6, 7)
    }
    assert {r for r in found if r.speaker == "bob"} <= set(split.test)
    assert set(split.training) | set(split.test) == set(found)
    assert not set(split.training) & set(split.test)
    assert {r.index for r in split_official(found).training} == {5, 6, 7}
    assert split_official(found, held_out=[f"{tmp_path.name}/bob"]) == split


def test_an_official_split_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    found = fsdd_like(tmp_path, ("ann", "bob"))
    with pytest.raises(DataError, match=r"no speaker 'eve' .* the corpus has ann, bob"):
        split_official(found, held_out=["eve"])
    with pytest.raises(DataError, match="nothing is left to train on"):
        split_official(found, held_out=["ann", "bob"])
    with pytest.raises(DataError, match=r"nothing to test on; .* speakers ann, bob"):
        split_official([r for r in found if r.index >= 5])


# --- the split by speaker -----------------------------------------------------------------------


def group(corpus: str, sex: Sex | None, speakers: int, count: int = 2) -> list[Recording]:
    return [
        Recording(Path(f"{corpus}/{sex}{s}_{i}.wav"), 7, f"{sex}{s}", i, corpus, sex)
        for s in range(speakers)
        for i in range(count)
    ]


FOUND = [
    *group("big", "female", 9),
    *group("big", "male", 40),
    *group("small", "female", 1),
    *group("small", "male", 5),
]


def counts(recordings: Sequence[Recording]) -> dict[tuple[str, Sex | None], int]:
    people = {(r.corpus, r.sex, r.speaker) for r in recordings}
    return {
        (corpus, sex): sum(person[:2] == (corpus, sex) for person in people)
        for corpus, sex, _ in people
    }


def test_a_share_of_the_speakers_of_each_corpus_and_sex_is_tested_on() -> None:
    split = split_speakers(FOUND)
    assert counts(split.test) == {("big", "female"): 3, ("big", "male"): 10, ("small", "male"): 2}
    assert not {r.who for r in split.training} & {r.who for r in split.test}
    assert set(split.training) | set(split.test) == set(FOUND)
    crowd = [*group("a", "female", 25), *group("a", "male", 1)]
    # 0.28 * 25 is 7, though not in floats
    assert counts(split_speakers(crowd, share=0.28).test) == {("a", "female"): 7}


def test_the_draw_is_the_same_in_every_process() -> None:
    drawn = {r.who for r in split_speakers(FOUND).test if r.who < "big/male3"}
    women, men = ("female5", "female7", "female8"), ("male14", "male16", "male20", "male22")
    assert drawn == {f"big/{name}" for name in (*women, *men, "male24", "male29")}


def test_the_draw_depends_on_the_seed_alone_and_not_on_other_corpora() -> None:
    both, alone = split_speakers(FOUND), split_speakers(FOUND[: 2 * 49])
    assert {r for r in both.test if r.corpus == "big"} == set(alone.test)
    assert split_speakers(FOUND[::-1]) == both
    assert split_speakers(FOUND, seed=1) != both


def test_named_speakers_are_held_out_besides() -> None:
    drawn = set(split_speakers(FOUND).test)
    one = set(split_speakers(FOUND, held_out=["small/female0"]).test)
    assert one - drawn == {r for r in FOUND if r.who == "small/female0"}
    everywhere = split_speakers(FOUND, share=0, held_out=["female0"])
    assert {r.who for r in everywhere.test} == {"big/female0", "small/female0"}


def test_speakers_of_unknown_sex_are_left_out() -> None:
    assert split_speakers([*FOUND, *group("big", None, 3)]) == split_speakers(FOUND)


def test_a_split_by_speaker_that_cannot_be_made_is_one_sentence() -> None:
    women, men = group("a", "female", 1), group("a", "male", 3)
    with pytest.raises(DataError, match="sex of no speaker is known; add a corpus"):
        split_speakers(group("a", None, 3))
    with pytest.raises(DataError, match="recordings are of male speakers only; both sexes"):
        split_speakers(men)
    with pytest.raises(DataError, match=r"Without the held-out .* of male speakers only"):
        split_speakers([*women, *men], held_out=["female0"])
    with pytest.raises(DataError, match=r"no speaker 'eve' .* has female0, male0"):
        split_speakers([*women, *men], held_out=["eve"])
    with pytest.raises(DataError, match=r"No speaker is left to test on; .* female0, male0"):
        split_speakers([*women, *men], share=0)
    with pytest.raises(DataError, match=r"share of speakers to test on is 1\.5"):
        split_speakers([*women, *men], share=1.5)


# --- balance ------------------------------------------------------------------------------------


def test_each_sex_corpus_speaker_and_recording_is_drawn_as_often_as_its_likes() -> None:
    found = [
        *group("a", "female", 2, 3),
        *group("a", "male", 5, 2),
        *group("b", "male", 1, 4),
        replace(FOUND[0], corpus="a", speaker="female0", path=Path("fourth.wav")),
    ]
    likely = balanced_weights(found)
    assert likely.dtype == np.float64
    assert likely.shape == (len(found),)
    expected = [
        *[1 / 2 / 2 / 4] * 3,  # of the first woman, who spoke four
        *[1 / 2 / 2 / 3] * 3,
        *[1 / 2 / 2 / 5 / 2] * 10,
        *[1 / 2 / 2 / 1 / 4] * 4,
        1 / 2 / 2 / 4,
    ]
    np.testing.assert_allclose(likely, expected, rtol=1e-14)
    assert likely.sum() == pytest.approx(1, abs=1e-12)


def test_classes_then_corpora_by_their_weights_then_speakers_are_drawn_alike() -> None:
    lines = (
        [("a", "ann", 0)] * 3 + [("a", "bob", 0)] + [("b", "cem", 0)] * 2 + [("b", "cem", 1)] * 5
    )
    recordings = [
        Recording(Path(f"{i}.wav"), 0, speaker, i, corpus, None)
        for i, (corpus, speaker, _) in enumerate(lines)
    ]
    likely = drawing_weights(recordings, [of for *_, of in lines], {"a": 3.0, "b": 1.0, "c": 9.0})
    expected = [
        *[1 / 2 * 3 / 4 / 2 / 3] * 3,  # of class 0, of corpus a, of its first speaker
        1 / 2 * 3 / 4 / 2,
        *[1 / 2 * 1 / 4 / 2] * 2,
        *[1 / 2 / 5] * 5,  # only corpus b has class 1
    ]
    np.testing.assert_allclose(likely, expected, rtol=1e-14)
    assert likely.sum() == pytest.approx(1, abs=1e-12)


# --- any readable suffix ------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".aiff", ".W64", ".caf", ".mp3"])
def test_a_corpus_of_every_layout_may_have_any_suffix_that_is_read(
    suffix: str, tmp_path: Path
) -> None:
    if suffix.lower() not in SUFFIXES:
        pytest.skip(f"this libsndfile does not read {suffix}")
    kinds = {".mp3": "MP3", ".ogg": "OGG", ".W64": "W64", ".caf": "CAF", ".aiff": "AIFF"}
    samples = 0.1 * np.random.default_rng(0).standard_normal(24_000)
    names = ("7_ann_3", "speech/data/x04/5_x04_0", "03a01Fa")
    for name in names:
        path = tmp_path / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            soundfile.write(file, samples, 16_000, format=kinds.get(suffix, "FLAC"))
    (tmp_path / "speech" / META).write_text(json.dumps({"x04": {}}))
    found = find_recordings([tmp_path])
    assert {(r.who, r.digit, r.sex) for r in found} == {
        (f"{tmp_path.name}/ann", 7, None),
        ("speech/x04", 5, None),
        ("emodb/03", None, "male"),
    }
    for r in found:
        assert read(r, 8000).rate == 8000
