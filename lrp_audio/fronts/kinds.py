"""Front ends by name and plain parameters, as a file declares them."""

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, fields

from lrp_audio.arguments import described
from lrp_audio.errors import FrontError
from lrp_audio.fronts.base import FrontEnd
from lrp_audio.fronts.conventions import CONVENTIONS
from lrp_audio.fronts.frames import Frames
from lrp_audio.fronts.log_mel import LogMel
from lrp_audio.fronts.log_spectrogram import LogSpectrogram
from lrp_audio.fronts.magnitude import Magnitude
from lrp_audio.fronts.mel import Mel
from lrp_audio.fronts.mfcc import Mfcc
from lrp_audio.fronts.power import Power
from lrp_audio.fronts.spectrogram import Spectrogram
from lrp_audio.fronts.stft_front import StftFront
from lrp_audio.fronts.waveform import Waveform

KINDS: dict[str, type[FrontEnd]] = {
    "waveform": Waveform,
    "frames": Frames,
    "magnitude": Magnitude,
    "power": Power,
    "log-spectrogram": LogSpectrogram,
    "mel": Mel,
    "log-mel": LogMel,
    "mfcc": Mfcc,
    "audionet-spectrogram": Spectrogram,
}
"""Front ends by the name of their kind."""


def front_from(kind: object, parameters: Mapping[str, object] | None = None) -> FrontEnd:
    """The front end of that `kind` with these plain `parameters`: the fields of its class.

    A `convention` among them, for front ends with a transform, is librosa, torchaudio or kaldi, and
    says what the others are by default. Raises `FrontError` with one sentence for an unknown kind
    or parameter, a missing one, or values that do not fit.
    """
    if not isinstance(kind, str) or kind not in KINDS:
        raise FrontError(f"There is no front end {described(kind)}: choose {_listed(KINDS)}.")
    made = KINDS[kind]
    known = parameters_of(kind)
    given = dict(parameters or {})
    convention = given.pop("convention", None)
    for name in given:
        if name not in known:
            raise FrontError(f"The front end {kind} has no parameter {_meant(name, known)}.")
    missing = [name for name, default in known.items() if default is MISSING and name not in given]
    if missing:
        raise FrontError(f"The front end {kind} needs {missing[0]}: give it, such as 16000.")
    return made(**_conventional(kind, convention, given) | given)


def parameters_of(kind: str) -> dict[str, object]:
    """The parameters of a kind with their defaults; ``dataclasses.MISSING`` where there is none."""
    return {field.name: field.default for field in fields(KINDS[kind])}  # type: ignore[arg-type]


def _conventional(kind: str, convention: object, given: dict[str, object]) -> dict[str, object]:
    if convention is None:
        return {}
    if not issubclass(KINDS[kind], StftFront):
        raise FrontError(f"The front end {kind} has no convention: leave it out.")
    if not isinstance(convention, str) or convention not in CONVENTIONS:
        raise FrontError(
            f"There is no convention {described(convention)}: choose {_listed(CONVENTIONS)}."
        )
    known = parameters_of(kind)
    found = CONVENTIONS[convention](given | ({"n_mfcc": None} if "n_mfcc" in known else {}))
    return {name: value for name, value in found.items() if name in known}


def _listed(names: Mapping[str, object]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"


def _meant(name: object, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(str(name), known, 1)
    hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(known)}"
    return f"{described(name)}: {hint}"
