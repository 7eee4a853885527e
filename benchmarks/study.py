"""The analysis of a study applied to synthetic ones: the figures that docs/study-design.md quotes.

    python -m benchmarks.study

A minute or two on one core.
"""

import numpy as np

from lrp_audio.commands.text import aligned
from lrp_audio.study.analysis import ALPHA, min_f
from lrp_audio.study.exact import interval, p_value
from lrp_audio.study.participants import Truth, named
from lrp_audio.study.power import gains, power

CLIPS = 16
PEOPLE = (12, 20, 40)
STUDIES = 2000


def covered(truth: Truth, people: int) -> float:
    """The share of studies whose interval holds the difference on average over all clips."""
    # Rounded, to be the same number as a limit that it equals.
    wanted = round(CLIPS / 2 * (truth.heard - truth.seen), 9)
    drawn = gains(truth, CLIPS, people, np.random.default_rng(5), STUDIES)
    limits = [interval(study.tolist()) for study in drawn]
    return float(np.mean([low <= wanted <= high for low, high in filter(None, limits)]))


def found(truth: Truth, people: int, studies: int) -> tuple[float, float]:
    """The share of studies in which the test of record, and in which min F', finds a difference."""
    half = np.arange(CLIPS) % 2 == 0
    rng = np.random.default_rng(0)
    heard = rng.permuted(np.broadcast_to(half, (studies, people, CLIPS)), axis=2)
    verdicts = []
    for right, by_ear in zip(named(heard, truth, rng), heard, strict=True):
        by_eye = ~by_ear
        own = (right & by_ear).sum(1) - (right & by_eye).sum(1)
        clips = (right & by_ear).sum(0) / by_ear.sum(0) - (right & by_eye).sum(0) / by_eye.sum(0)
        both = min_f((own / (CLIPS / 2)).tolist(), clips.tolist())
        verdicts.append((p_value(own.tolist()) <= ALPHA, both is not None and both <= ALPHA))
    of_record, min_f_found = np.mean(verdicts, axis=0)
    return float(of_record), float(min_f_found)


def main() -> None:
    """Print the figures."""
    truths = {
        "35 % seen, 50 % heard": Truth(0.35, 0.5),
        "50 % and 50 %": Truth(0.5, 0.5),
        "10 % and 30 %": Truth(0.1, 0.3),
    }
    rows = [
        (name, *(f"{covered(truth, people):.1%}" for people in PEOPLE))
        for name, truth in truths.items()
    ]
    header = ("interval covers the truth", *(f"{people} people" for people in PEOPLE))
    print(aligned([header, *rows], left=1))
    alarm = power(Truth(0.4, 0.4), CLIPS, 30, seed=0, studies=STUDIES)
    print(f"no difference, 30 people: the test of record finds one in {alarm:.1%}")
    of_record, both = found(Truth(0.5, 0.5, clips_gain=1.5), 40, STUDIES)
    print(f"none, but clips differ in it: {of_record:.1%} test of record, {both:.1%} min F'")


if __name__ == "__main__":
    main()
