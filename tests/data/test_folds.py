"""Cross-validation by speakers: the published folds, and drawn ones."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrp_audio.data.folds import FOLDS, Fold, folds, is_audiomnist
from lrp_audio.data.recording import Recording
from lrp_audio.errors import DataError

WOMEN = {12, 26, 28, 36, 43, 47, 52, 56, 57, 58, 59, 60}


def corpus(women: int, men: int, name: str = "drawn", takes: int = 2) -> list[Recording]:
    """A corpus of so many speakers, women first, each saying every digit `takes` times."""
    return [
        Recording(
            Path(f"{name}/{speaker:02}/{digit}_{speaker:02}_{take}.wav"),
            digit,
            f"{speaker:02}",
            take,
            name,
            "female" if speaker <= women else "male",
        )
        for speaker in range(1, women + men + 1)
        for digit in range(10)
        for take in range(takes)
    ]


def audiomnist() -> list[Recording]:
    return [
        Recording(
            Path(f"{speaker:02}/0_{speaker:02}_0.wav"),
            0,
            f"{speaker:02}",
            0,
            "AudioMNIST",
            "female" if speaker in WOMEN else "male",
        )
        for speaker in range(1, 61)
    ]


def speakers(recordings: tuple[Recording, ...]) -> set[int]:
    return {int(recording.speaker) for recording in recordings}


def parts(fold: Fold) -> list[tuple[Recording, ...]]:
    return [fold.training, fold.validation, fold.test]


def test_audiomnist_is_folded_as_published() -> None:
    assert is_audiomnist(audiomnist())
    first, *_, last = folds("digit", audiomnist())
    a = {28, 56, 7, 19, 35, 1, 6, 16, 23, 34, 46, 53}
    d = {12, 47, 59, 15, 27, 41, 4, 11, 21, 31, 44, 50}
    e = {26, 52, 60, 18, 32, 42, 5, 13, 22, 33, 45, 51}
    assert (speakers(first.validation), speakers(first.test)) == (d, e)
    assert a < speakers(first.training)
    assert speakers(first.training) == set(range(1, 61)) - d - e
    assert speakers(last.test) == d
    assert e < speakers(last.training)
    sex = folds("sex", audiomnist(), seed=7)
    assert speakers(sex[0].test) == {58, 59, 60, 7, 23, 38}
    assert speakers(sex[0].validation) == {43, 28, 52, 48, 53, 41}
    assert speakers(sex[0].training) == {36, 47, 56, 2, 44, 50, 26, 12, 57, 25, 37, 45}
    assert speakers(sex[1].test) == {36, 47, 56, 2, 44, 50}


@pytest.mark.parametrize("task", FOLDS)
def test_every_published_set_is_tested_once(task: str) -> None:
    tested = Counter(r.speaker for fold in folds(task, audiomnist()) for r in fold.test)
    assert set(tested.values()) == {1}
    assert len(tested) == (60 if task == "digit" else 24)


def test_a_corpus_that_numbers_its_speakers_alike_is_not_taken_for_audiomnist() -> None:
    assert not is_audiomnist(corpus(14, 36))
    assert not is_audiomnist(corpus(12, 48))  # sixty speakers, but other women
    assert not is_audiomnist([*audiomnist(), *corpus(1, 0)])


@given(
    task=st.sampled_from(sorted(FOLDS)),
    women=st.integers(4, 15),
    men=st.integers(4, 15),
    seed=st.integers(0, 99),
)
def test_no_speaker_is_in_two_parts_and_the_sexes_are_spread(
    task: str, women: int, men: int, seed: int
) -> None:
    recordings = corpus(women, men, takes=1)
    found = folds(task, recordings, seed)
    assert len(found) == FOLDS[task]
    for fold in found:
        who = [{r.who for r in part} for part in parts(fold)]
        assert sum(map(len, who)) == len(set().union(*who))
        assert all(who)
    tested = [Counter(r.sex for r in fold.test) for fold in found]
    for sex in ("female", "male"):
        counts = [count[sex] // 10 for count in tested]
        assert max(counts) - min(counts) <= (0 if task == "sex" else 1)
    if task == "sex":
        assert all(count["female"] == count["male"] for count in tested)
    else:
        assert sum(sum(count.values()) for count in tested) == len(recordings)


def test_the_seed_draws_the_speakers_and_nothing_else_does() -> None:
    recordings = corpus(10, 10)
    again = folds("digit", list(reversed(recordings)), seed=1)
    for one, other in zip(folds("digit", recordings, seed=1), again, strict=True):
        assert [set(part) for part in parts(one)] == [set(part) for part in parts(other)]
    other_seed = folds("digit", recordings, seed=2)
    assert speakers(other_seed[0].test) != speakers(again[0].test)


def test_a_corpus_of_one_sex_takes_no_part_in_the_folds_of_the_sex() -> None:
    men = corpus(0, 6, name="men")
    found = folds("sex", [*corpus(4, 4), *men])
    assert all(r.corpus == "drawn" for fold in found for part in parts(fold) for r in part)


@pytest.mark.parametrize(("task", "women", "men"), [("digit", 2, 2), ("sex", 3, 20), ("sex", 0, 9)])
def test_too_few_speakers_are_refused_with_their_number(task: str, women: int, men: int) -> None:
    with pytest.raises(DataError, match=r"folds of the task .* need .* speakers"):
        folds(task, corpus(women, men))
