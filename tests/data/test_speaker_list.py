"""The list of speakers to train, validate and test on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import SEXES, Sex, emodb_sex
from lrp_audio.data.strangers import (
    PARTS,
    SpeakerList,
    draw_list,
    main,
    read_list,
    speaker_list,
)
from lrp_audio.errors import DataError


def recording(
    corpus: str, speaker: str, sex: Sex | None = None, digit: int | None = 7, index: int = 9
) -> Recording:
    path = Path(corpus) / f"{digit}_{speaker}_{index}.wav"
    return Recording(path, digit, speaker, index, corpus, sex, official_test=index < 5)


def people(corpus: str, sex: Sex | None, count: int, first: int = 0) -> list[Recording]:
    return [recording(corpus, f"{first + i:03}", sex) for i in range(count)]


def part_names(drawn: SpeakerList, recordings: list[Recording], part: str) -> set[str]:
    return {r.speaker for r in recordings if drawn.part(r) == part}


# --- the shipped list ---------------------------------------------------------------------------


@pytest.mark.parametrize("corpus", ["hyke", "audiomnist_az"])
def test_whoever_speaks_in_a_corpus_without_a_licence_is_tested_on(corpus: str) -> None:
    assert {speaker_list().part(recording(corpus, name)) for name in ("01", "001", "x")} == {"test"}
    assert not [who for who in speaker_list().speakers if who.startswith(f"{corpus}/")]


@pytest.mark.parametrize(
    "who", ["gsc/9999", "alnum/nobody", "phone/001", "audiomnist/12", "me/ann"]
)
def test_a_speaker_whom_the_list_does_not_name_is_tested_on(who: str) -> None:
    assert speaker_list().part(recording(*who.split("/"))) == "test"


def test_the_bundled_clips_are_neither_trained_on_nor_tested_on_as_strangers() -> None:
    clips = [recording("examples", name, name) for name in SEXES]
    for task in ("digit", "sex"):
        for part in PARTS:
            assert speaker_list().recordings(task, part, clips) == []
    for who in ("synthetic/espeakF1", "synthetic/fliteSlt"):
        assert speaker_list().part(recording(*who.split("/"))) == "training"


def listed(corpus: str) -> list[str]:
    return [who.split("/")[1] for who in speaker_list().speakers if who.startswith(f"{corpus}/")]


def test_the_shipped_list_is_what_its_seed_draws() -> None:
    everyone = [recording("gsc", name) for name in listed("gsc")]
    everyone += [recording("fsdd", name, "male") for name in listed("fsdd")]
    everyone += [recording("emodb", name, emodb_sex(name), None) for name in listed("emodb")]
    assert len(everyone) == 487 + 6 + 10
    again = read_list(draw_list(everyone))
    for r in everyone:
        assert again.part(r) == speaker_list().part(r), r.who


def test_both_sexes_are_held_out_for_every_purpose() -> None:
    for part in PARTS:
        of_part = [n for n in listed("emodb") if speaker_list().speakers[f"emodb/{n}"] == part]
        assert {emodb_sex(name) for name in of_part} == set(SEXES)


# --- drawing ------------------------------------------------------------------------------------


def test_as_many_of_each_sex_are_held_out_and_nobody_is_in_two_parts() -> None:
    women, men = people("alnum", "female", 30), people("alnum", "male", 17, first=30)
    drawn = read_list(draw_list([*women, *men]))
    for group in (women, men):
        assert [len(part_names(drawn, group, part)) for part in ("validation", "test")] == [4, 4]
    names = [set(part_names(drawn, [*women, *men], part)) for part in PARTS]
    assert len(set().union(*names)) == sum(map(len, names)) == 47


def test_the_draw_depends_on_its_seed_and_not_on_other_corpora() -> None:
    own = people("gsc", None, 300)
    drawn = draw_list(own, 5)
    assert draw_list(own, 5) == drawn
    assert read_list(draw_list(own, 6)).speakers != read_list(drawn).speakers
    more = read_list(draw_list([*own, *people("alnum", "male", 40)], 5))
    assert part_names(more, own, "test") == part_names(read_list(drawn), own, "test")


def test_a_group_too_small_to_be_divided_is_trained_on() -> None:
    few = [*people("alnum", "female", 8), *people("alnum", None, 1, first=50)]
    assert part_names(read_list(draw_list(few)), few, "training") == {r.speaker for r in few}


def test_the_command_prints_the_list_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("jackson", "theo", "george"):
        (tmp_path / f"7_{name}_5.wav").touch()
    assert main([str(tmp_path), "--seed", "3"]) == 0
    drawn = read_list(capsys.readouterr().out)
    fsdd = {who: part for who, part in drawn.speakers.items() if who.startswith("fsdd/")}
    assert sorted(fsdd.values()) == ["test", "training", "training"]
    assert drawn.corpora == speaker_list().corpora


# --- choosing recordings ------------------------------------------------------------------------


def chosen(task: str, part: str, *held_out: str) -> Iterator[str]:
    everyone = [
        recording("audiomnist_az", "01", "male"),
        recording("emodb", "08", "female", None),
        recording("fsdd", "theo", "male"),
        recording("fsdd", "theo", "male", index=3),
        recording("gsc", "002"),
        recording("kokoro", "001", "female"),
        recording("somewhere", "ann", None),
    ]
    part_of_list = next(each for each in PARTS if each == part)
    for r in speaker_list().recordings(task, part_of_list, everyone, held_out):
        yield f"{r.who}/{r.index}"


def test_digits_in_another_language_have_no_label_and_official_tests_are_not_trained_on() -> None:
    assert set(chosen("digit", "training")) == {"fsdd/theo/9", "gsc/002/9", "kokoro/001/9"}
    assert set(chosen("sex", "training")) == {"emodb/08/9", "fsdd/theo/9", "kokoro/001/9"}
    assert set(chosen("digit", "test")) == {"somewhere/ann/9"}
    assert set(chosen("sex", "test")) == {"audiomnist_az/01/9"}


def test_speakers_who_are_held_out_are_tested_on() -> None:
    assert set(chosen("digit", "training", "fsdd/theo", "002")) == {"kokoro/001/9"}
    tested = {"somewhere/ann/9", "fsdd/theo/9", "fsdd/theo/3", "gsc/002/9"}
    assert set(chosen("digit", "test", "fsdd/theo", "002")) == tested


def test_what_a_shipped_network_was_not_trained_on() -> None:
    everyone = [
        *(recording("fsdd", "theo", "male", index=index) for index in (3, 9)),
        recording("fsdd", "lucas", "male"),
        recording("kokoro", "001", "female"),
        recording("alnum", "001", "male"),
        recording("me", "ann", "female"),
        recording("examples", "male", "male"),
    ]

    def unseen(task: str, *held_out: str) -> set[str]:
        return {f"{r.who}/{r.index}" for r in speaker_list().unseen(task, everyone, held_out)}

    strangers = {"fsdd/lucas/9", "me/ann/9", "examples/male/9"}
    assert unseen("digit") == {"fsdd/theo/3", *strangers}
    assert unseen("sex") == strangers
    assert unseen("sex", "theo") == {"fsdd/theo/3", "fsdd/theo/9", *strangers}
    with pytest.raises(DataError, match="no speaker 'eve' to hold out"):
        unseen("sex", "eve")
    with pytest.raises(DataError, match="trained on every speaker here whose sex is known"):
        speaker_list().unseen("sex", everyone[3:5])
