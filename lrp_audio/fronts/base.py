"""What a front end is: all that depends on how a recording becomes the input of a network."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from lrp_audio.arguments import described
from lrp_audio.audio.audible import Sign, speaking
from lrp_audio.audio.clip import Clip
from lrp_audio.audio.domain import DOMAINS, Domain, Spectral, check_name
from lrp_audio.audio.segments import Segments
from lrp_audio.errors import ShapeError, SpectrumError
from lrp_audio.fronts.fitting import fitted
from lrp_audio.types import Array, Floats


class FrontEnd(ABC):
    """How recordings become inputs of a network, and all that follows from it.

    A network takes `length` samples at `rate` a second, or any number of them where `length` is
    None; of several `channels` each is transformed alike. In training the network is given
    ``(input - centre) / spread``, which is folded into its first layer afterwards.
    """

    rate: int
    length: int | None
    channels: int = 1
    centre: float = 0.0
    spread: float = 1.0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an input without the batch axis; raises `ShapeError` where it varies."""
        if self.length is None:
            raise ShapeError(
                "This network takes clips of any length, so that its inputs have no one shape: ask "
                "for input_shape(length)."
            )
        return self.input_shape(self.length)

    def input_shape(self, length: int) -> tuple[int, ...]:
        """Shape of the input that a clip of `length` samples becomes, without the batch axis."""
        return self.shape

    @property
    def bounds(self) -> tuple[float, float]:
        """Values between which every input lies, for the zB rule."""
        raise NotImplementedError

    @property
    def bounded(self) -> bool:
        """Whether these are natural bounds, so that zB suits the first layer."""
        raise NotImplementedError

    @property
    def rules(self) -> str:
        """Name of the default composite."""
        return "epsilon-plus-box" if self.bounded else "epsilon-plus"

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the composites that experiments compare."""
        box = "-box" * self.bounded
        return ("epsilon", f"epsilon-plus{box}", f"epsilon-alpha2-beta1{box}")

    @property
    def silence(self) -> float:
        """Value of an input where there is no sound."""
        return 0.0

    @property
    def segments(self) -> Segments:
        """How an input is divided for methods that score parts of it."""
        raise NotImplementedError

    @property
    @abstractmethod
    def domains(self) -> tuple[Domain, ...]:
        """What relevance can lie on, first the network's own domain."""

    @property
    def time_frequency(self) -> Spectral:
        """The one of `domains` that has both axes and the published kind of transform."""
        raise SpectrumError(
            "The spectrogram of this network follows other conventions than the published one: "
            "this analysis needs a model such as audionet-digit."
        )

    @property
    def domain(self) -> Domain:
        """The network's own domain: where its relevance is shown and heard."""
        return self.domains[0]

    @abstractmethod
    def transform(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input, of any shape of that size, of fitted samples in int16 scale.

        They are ``(length,)``, or ``(channels, length)`` of several channels.
        """

    def __call__(self, samples: NDArray[np.floating]) -> NDArray[np.floating]:
        """The input of `shape` of fitted samples, which are as for `transform`."""
        return np.asarray(self.transform(samples)).reshape(self.input_shape(samples.shape[-1]))

    def samples_of(self, clip: Clip) -> Floats:
        """What `transform` takes of a fitted clip: its mono samples, or its channels."""
        return clip.samples if self.channels == 1 or clip.channels is None else clip.channels

    def fit(self, clip: Clip) -> Clip:
        """`clip` as the network takes it; what was done is noted. Raises `ClipError` if silent."""
        return fitted(clip, self.rate, self.length, channels=self.channels)

    def plane(self, x: Array) -> Array:
        """An input ``(*shape)``, or its relevance, as domains take it.

        It is without the channel axis, or has it first where there are several channels.
        """
        return np.asarray(x[0])

    def mask(
        self, domain: Domain, relevance: Floats, own: Floats, samples: Floats, sign: Sign
    ) -> Floats:
        """The mask in `domain` through which the clip of `samples` is heard.

        `relevance` lies in `domain`, `own` is a `plane` of the network's input, and `samples` are
        what `transform` takes.
        """
        return speaking(relevance, sign)

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
        if getattr(domain, "front", self) != self:
            raise SpectrumError(
                f"That {domain.name} domain belongs to another front end than this network's: take "
                f'model.front.choose("{domain.name}").'
            )
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
