"""Which recordings to train on and to test on, and how often training draws each of them."""

import math
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrp_audio.data.recording import Recording
from lrp_audio.errors import DataError

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Split:
    """Recordings to train on and to test on."""

    training: tuple[Recording, ...]
    test: tuple[Recording, ...]


def split_official(recordings: Iterable[Recording], held_out: Sequence[str] = ()) -> Split:
    """Test on FSDD's indices 0 to 4 and on every recording of the speakers in `held_out`.

    A speaker is named as in the files (``03``, in every corpus) or with the corpus (``emodb/03``).
    Raises `DataError` where a held-out speaker does not occur, or nothing is left to train or test
    on.
    """
    recordings = tuple(recordings)
    require_speakers(held_out, recordings)
    test = [r for r in recordings if r.official_test or spoken_by(r, held_out)]
    training = sorted(set(recordings) - set(test))
    if not training:
        raise DataError("Every recording is a test recording; nothing is left to train on.")
    if not test:
        raise DataError(
            "No recording has an index from 0 to 4, so there is nothing to test on; add a folder "
            f"with some, or hold out one of the speakers {_speakers(recordings)}."
        )
    return Split(tuple(training), tuple(test))


def split_speakers(
    recordings: Iterable[Recording],
    share: float = 0.25,
    seed: int = 0,
    held_out: Sequence[str] = (),
) -> Split:
    """Test on speakers that are not trained on: a `share` of those of each corpus and sex.

    The share is rounded up and drawn with `seed`; other corpora do not change the draw. The only
    speaker of a corpus and sex is trained on. Those in `held_out`, named as in `split_official`,
    are tested on as well. Recordings of unknown sex are left out. Raises `DataError` where a
    held-out speaker does not occur, where both sexes are not left to train on, or where no speaker
    is left to test on.
    """
    if not 0 <= share <= 1:
        raise DataError(f"The share of speakers to test on is {share}: give one from 0 to 1.")
    known = sorted({r for r in recordings if r.sex is not None})
    if not known:
        raise DataError(
            "The sex of no speaker is known; add a corpus whose speakers' sex is: FSDD, EmoDB, "
            "AudioMNIST with its meta file, or voices made by python -m lrp_audio.data.voices."
        )
    require_speakers(held_out, known)
    _require_both_sexes(known, "These recordings are")
    drawn = _draw(known, share, seed)
    test = [r for r in known if r.who in drawn or spoken_by(r, held_out)]
    if not test:
        raise DataError(
            "No speaker is left to test on; hold out a larger share, or one of the speakers "
            f"{_speakers(known)}."
        )
    tested = {r.who for r in test}
    training = [r for r in known if r.who not in tested]
    _require_both_sexes(training, "Without the held-out speakers the recordings are")
    return Split(tuple(training), tuple(test))


def balanced_weights(recordings: Sequence[Recording]) -> NDArray[np.float64]:
    """The probability of drawing each recording in training, shape ``(recordings,)``, sum 1.

    Both sexes are drawn equally often; within a sex all corpora, within a corpus all speakers, and
    of a speaker all recordings.
    """
    lines = [(r.sex, r.corpus, r.speaker) for r in recordings]
    counts = Counter(lines)
    weights = 1.0 / np.array([counts[line] for line in lines], np.float64)
    for depth in range(3):
        branches = Counter(branch[:depth] for branch in {line[: depth + 1] for line in lines})
        weights /= np.array([branches[line[:depth]] for line in lines], np.float64)
    return weights


def drawing_weights(
    recordings: Sequence[Recording], labels: Sequence[int], corpora: Mapping[str, float]
) -> NDArray[np.float64]:
    """The probability of drawing each recording in training, shape ``(recordings,)``, sum 1.

    All classes are drawn equally often; within a class a corpus by its weight in `corpora`, within
    a corpus all speakers, and of a speaker all recordings.
    """
    lines = [(label, r.corpus, r.speaker) for label, r in zip(labels, recordings, strict=True)]
    clips, speakers = Counter(lines), Counter(line[:2] for line in set(lines))
    found: defaultdict[int, set[str]] = defaultdict(set)
    for label, corpus in speakers:
        found[label].add(corpus)
    totals = {label: sum(corpora[corpus] for corpus in of) for label, of in found.items()}
    shares = [
        corpora[corpus] / totals[label] / speakers[label, corpus] / clips[label, corpus, speaker]
        for label, corpus, speaker in lines
    ]
    return np.array(shares) / len(found)


def speakers_by_group(recordings: Iterable[Recording]) -> dict[str, set[str]]:
    """The speakers (`Recording.who`) of each corpus and sex, by ``corpus/sex``."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for recording in recordings:
        groups[f"{recording.corpus}/{recording.sex}"].add(recording.who)
    return groups


def shuffled(group: str, speakers: Iterable[str], seed: int) -> list[str]:
    """The `speakers` in an order that depends on `seed` and on the name of their group only."""
    rng = np.random.default_rng([seed, zlib.crc32(os.fsencode(group))])
    return [str(who) for who in rng.permutation(sorted(speakers))]


def spoken_by(recording: Recording, names: Sequence[str]) -> bool:
    """Whether the speaker is one of `names`, alone (``03``) or with the corpus (``emodb/03``)."""
    return recording.speaker in names or recording.who in names


def require_speakers(held_out: Sequence[str], recordings: Sequence[Recording]) -> None:
    """Raise `DataError` for a name in `held_out` that no speaker of `recordings` has."""
    names = {name for r in recordings for name in (r.speaker, r.who)}
    for speaker in held_out:
        if speaker not in names:
            raise DataError(
                f"There is no speaker {speaker!r} to hold out; the corpus has "
                f"{_speakers(recordings)}."
            )


def _draw(recordings: Iterable[Recording], share: float, seed: int) -> set[str]:
    """A `share` of the speakers of each corpus and sex; none where there is only one."""
    drawn: set[str] = set()
    for group, speakers in speakers_by_group(recordings).items():
        count = math.ceil(share * len(speakers) - _ROUNDING) if len(speakers) > 1 else 0
        drawn.update(shuffled(group, speakers, seed)[:count])
    return drawn


def _speakers(recordings: Iterable[Recording]) -> str:
    return ", ".join(sorted({r.speaker for r in recordings}))


def _require_both_sexes(recordings: Iterable[Recording], which: str) -> None:
    sexes = {r.sex for r in recordings if r.sex}
    if len(sexes) < 2:
        raise DataError(
            f"{which} of {' and '.join(sexes) or 'no'} speakers only; both sexes are needed to "
            "train on."
        )
