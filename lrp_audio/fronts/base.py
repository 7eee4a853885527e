"""What a front end is: all that depends on how a recording becomes the input of a network."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.clip import fit as fit_clip
from lrp_audio.audio.domain import DOMAINS, Domain, Spectral, check_name
from lrp_audio.audio.segments import Segments
from lrp_audio.errors import SpectrumError
from lrp_audio.types import Array


class FrontEnd(ABC):
    """How recordings become inputs of a network, and all that follows from it.

    A network takes `length` samples at `rate` a second as an input of `shape`, the channel axis
    first. No value of an input lies outside `bounds`, for the zB rule; `bounded` says whether these
    are natural bounds, so that zB suits the first layer. `rules` names the default composite,
    `compared` those that experiments compare. `silence` is the value of an input where there is no
    sound; `segments` divide an input for methods that score parts. In training the network is given
    ``(input - centre) / spread``, which is folded into its first layer afterwards.
    """

    rate: int
    length: int
    bounds: tuple[float, float]
    bounded: bool
    rules: str
    compared: tuple[str, ...]
    silence: float
    centre: float
    spread: float
    segments: Segments

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an input, the channel axis first."""
        raise NotImplementedError

    @property
    @abstractmethod
    def domains(self) -> tuple[Domain, ...]:
        """What relevance can lie on, first what the network itself is given."""

    @property
    @abstractmethod
    def time_frequency(self) -> Spectral:
        """The one of `domains` that has both axes."""

    @property
    def domain(self) -> Domain:
        """What the relevance of an input lies on."""
        return self.domains[0]

    @abstractmethod
    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input, without its channel axis, of fitted samples ``(length,)`` in int16 scale."""

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input of `shape` of fitted samples ``(length,)`` in int16 scale."""
        return np.asarray(self.transform(samples)).reshape(self.shape)

    def fit(self, clip: Clip) -> Clip:
        """`clip` as the network takes it; what was done is noted. Raises `ClipError` if silent."""
        return fit_clip(clip, self.rate, self.length)

    def amplified(self, x: Array, gain: float) -> Array:
        """An input as it would be were the recording `gain` times as loud and not normalised."""
        return x

    def as_domain(self, domain: str | Domain | None) -> Domain:
        """`domain` itself, or the one of that name.

        Raises `SpectrumError` for what is no domain, or none that relevance can be carried to.
        """
        if domain is None or isinstance(domain, str):
            return self.choose(domain)
        if isinstance(domain, type) or not isinstance(domain, Domain):
            raise SpectrumError(
                f"{described(domain)} is no domain: give {', '.join(DOMAINS)}, or a Domain such as "
                'model.front.choose("time-frequency", window=256, hop=64).'
            )
        if type(domain) not in map(type, self.domains):
            raise self._unreachable(str(domain))
        return domain

    def choose(
        self, name: str | None = None, window: int | None = None, hop: int | None = None
    ) -> Domain:
        """The domain called `name`, by default the network's own.

        `window` and `hop` are in samples, for a time-frequency domain that is free to choose them.
        Raises `SpectrumError` for what does not fit together.
        """
        if name is not None:
            check_name(name)
        found = [domain for domain in self.domains if name in (None, domain.name)]
        if not found:
            raise self._unreachable(str(name))
        if window is None and hop is None:
            return found[0]
        return self.windowed(found[0], window, hop)

    def windowed(self, domain: Domain, window: int | None, hop: int | None) -> Domain:
        """`domain` with another `window` and `hop`; raises `SpectrumError` where it has none."""
        raise SpectrumError(
            "Window and hop are for the domain time-frequency of a waveform network; this network "
            "has a spectrogram of its own."
        )

    def _unreachable(self, asked: str) -> SpectrumError:
        own = self.domain.name
        return SpectrumError(
            f"This network has its relevance in {own}, and it cannot be carried to {asked}: take "
            f"{own}, or a waveform network such as audionet-digit."
        )
