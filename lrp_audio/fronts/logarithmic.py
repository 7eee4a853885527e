"""The parameters of a logarithm, which several front ends share."""

import math
from dataclasses import dataclass

from lrp_audio.arguments import as_number, described
from lrp_audio.errors import FrontError
from lrp_audio.fronts import parameters
from lrp_audio.fronts.steps import FrontStep, Logarithm
from lrp_audio.fronts.stft_front import StftFront

LOGARITHMS = ("db", "natural", "log10")
_AMIN = 1e-10


@dataclass(frozen=True)
class Logarithmic(StftFront):
    """The logarithm of what the front end below gives: `fronts.steps.Logarithm`.

    ``db`` has by default the floor 1e-10 (librosa's and torchaudio's amin) and `top_db` 80, the
    others no limit (``top_db = inf``), and the floor 1e-10 where there is no `log_offset`.
    """

    log: str = "db"
    log_offset: float = 0.0
    log_floor: float | None = None
    log_reference: float | str = 1.0
    top_db: float | None = None

    @property
    def logarithm(self) -> Logarithm:
        """The step itself."""
        assert self.log_floor is not None and self.top_db is not None  # set when made
        return Logarithm(
            self.log, self.log_offset, self.log_floor, self.log_reference, self.top_db, self.power
        )

    @property
    def _own_steps(self) -> tuple[FrontStep, ...]:
        return (self.logarithm,)

    def _check(self) -> None:
        super()._check()
        parameters.choice(self, log=LOGARITHMS)
        offset = parameters.number(self, "log_offset", 0.0)
        if self.log_floor is None:
            object.__setattr__(self, "log_floor", 0.0 if offset > 0 else _AMIN)
        if self.top_db is None:
            object.__setattr__(self, "top_db", 80.0 if self.log == "db" else math.inf)
        floor = parameters.number(self, "log_floor", 0.0)
        parameters.number(self, "top_db", 0.0)
        reference = as_number(self.log_reference)
        if self.log_reference != "max" and not 0 < (reference or 0) < math.inf:
            raise FrontError(
                f"log_reference is {described(self.log_reference)}; expected a number above 0, or "
                "max for the largest value of the clip."
            )
        if floor == offset == 0:
            raise FrontError(
                "log_floor and log_offset are 0, so that silence would be minus infinity: give "
                "one of them a value above 0."
            )

    @property
    def bounded(self) -> bool:
        """Where no statistics of the clip move the values: from the floor to full scale."""
        return self.normalisation in ("fixed", "range")

    @property
    def _value_bounds(self) -> tuple[float, float]:
        return self.logarithm.bounds(self._largest)
