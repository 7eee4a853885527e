"""The learning rate over time (rise, plateau, fall), and with it the strength of augmentation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RateSchedule:
    """Linear rise to `peak` over `warmup` steps, a plateau, linear fall over `cooldown` of the run.

    With a plateau, the length of a run can be chosen late: until the cooldown begins, runs of
    different length are identical.
    """

    peak: float
    steps: int
    warmup: int
    cooldown: float

    def rate(self, step: int) -> float:
        """Learning rate of `step`, counted from 1."""
        return self.peak * min(1.0, step / max(1, self.warmup), self.strength(step))

    def strength(self, step: int) -> float:
        """Strength of augmentation at `step`: 1, then falling in proportion to the learning rate.

        The last, small steps are taken on almost unchanged recordings.
        """
        return min(1.0, (self.steps - step + 1) / max(1.0, self.cooldown * self.steps))
