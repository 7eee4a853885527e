"""Cross-validation by speakers: the published folds of AudioMNIST, or drawn ones elsewhere.

The speakers are divided into sets. Each fold tests on one set, validates on the one before it and
trains on the others, as published (Becker et al.: five sets for digits, four for the sex).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lrp_audio.data.recording import Recording
from lrp_audio.data.speakers import SEXES
from lrp_audio.data.split import shuffled, speakers_by_group
from lrp_audio.errors import DataError

_DIGIT_SETS = (
    "28 56 07 19 35 01 06 16 23 34 46 53",
    "36 57 09 24 37 02 08 17 29 39 48 54",
    "43 58 14 25 38 03 10 20 30 40 49 55",
    "12 47 59 15 27 41 04 11 21 31 44 50",
    "26 52 60 18 32 42 05 13 22 33 45 51",
)
_SEX_SETS = (
    "36 47 56 02 44 50",
    "26 12 57 25 37 45",
    "43 28 52 48 53 41",
    "58 59 60 07 23 38",
)
_PUBLISHED = {
    "digit": tuple(frozenset(line.split()) for line in _DIGIT_SETS),
    "sex": tuple(frozenset(line.split()) for line in _SEX_SETS),
}
FOLDS = {task: len(sets) for task, sets in _PUBLISHED.items()}
"""Number of folds of each task."""

_FEMALE = frozenset(["12", "26", "28", "36", "43", "47", "52", "56", "57", "58", "59", "60"])
_SPEAKERS = frozenset().union(*_PUBLISHED["digit"])


@dataclass(frozen=True)
class Fold:
    """Recordings to train on, to validate on and to test on; no speaker is in two of them."""

    number: int
    training: tuple[Recording, ...]
    validation: tuple[Recording, ...]
    test: tuple[Recording, ...]


def is_audiomnist(recordings: Iterable[Recording]) -> bool:
    """Whether these are exactly AudioMNIST's sixty speakers, by name and sex."""
    sexes = {(r.corpus, r.speaker): r.sex for r in recordings}
    return (
        len(sexes) == len(_SPEAKERS)
        and {speaker for _, speaker in sexes} == _SPEAKERS
        and {speaker for (_, speaker), sex in sexes.items() if sex == "female"} == _FEMALE
    )


def folds(task: str, recordings: Sequence[Recording], seed: int = 0) -> list[Fold]:
    """The folds of `task`, ``digit`` or ``sex``: AudioMNIST's own, or drawn with `seed`.

    Drawn sets differ by at most one in the number of speakers of each corpus and sex. For the task
    ``sex`` they do not differ, and contain as many women as men of every corpus; speakers in excess
    are left out, as are recordings of unknown class. Raises `DataError` where there are too few
    speakers.
    """
    known = [r for r in recordings if (r.digit if task == "digit" else r.sex) is not None]
    if is_audiomnist(known):
        members = [{r.who for r in known if r.speaker in names} for names in _PUBLISHED[task]]
    else:
        members = _drawn(task, known, seed)
    return [_fold(number, members, known) for number in range(len(members))]


def _fold(number: int, members: Sequence[set[str]], recordings: Sequence[Recording]) -> Fold:
    count = len(members)
    order = [members[(number + i) % count] for i in range(count)]
    parts = (set().union(*order[:-2]), order[-2], order[-1])
    training, validation, test = (tuple(r for r in recordings if r.who in part) for part in parts)
    return Fold(number, training, validation, test)


def _drawn(task: str, recordings: Sequence[Recording], seed: int) -> list[set[str]]:
    count = FOLDS[task]
    groups: dict[str, Sequence[str]] = {
        name: shuffled(name, members, seed)
        for name, members in speakers_by_group(recordings).items()
    }
    if task == "sex":
        groups = _even(groups, count)
    dealt = [who for name in sorted(groups) for who in groups[name]]
    if len(dealt) < count:
        raise DataError(
            f"{count} folds of the task {task} need {count} speakers"
            f"{' of each sex' if task == 'sex' else ''}; these recordings have {len(dealt)} who "
            "can take part. Add a corpus with more."
        )
    return [set(dealt[first::count]) for first in range(count)]


def _even(groups: Mapping[str, Sequence[str]], count: int) -> dict[str, Sequence[str]]:
    """Equally many women and men of every corpus, a multiple of `count`."""
    even: dict[str, Sequence[str]] = {}
    for corpus in {name.rsplit("/", 1)[0] for name in groups}:
        both = [groups.get(f"{corpus}/{sex}", ()) for sex in SEXES]
        fewest = min(map(len, both)) // count * count
        even |= {f"{corpus}/{sex}": of[:fewest] for sex, of in zip(SEXES, both, strict=True)}
    return even
