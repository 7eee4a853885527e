"""How a clip is brought to the rate and length of a network."""

from dataclasses import replace

import numpy as np

from lrp_audio.audio.channels import require_channels
from lrp_audio.audio.clip import FULL_SCALE, Clip, at_rate, fit
from lrp_audio.errors import ClipError
from lrp_audio.types import Floats

SHORT = ("zeros", "repeat")
"""What becomes of a clip that is too short: zeros around it, or the clip again and again."""

OFFSETS = ("kept", "removed")
"""What becomes of a recording's constant offset, its mean, before zeros are put around it."""

_NOTED_OFFSET = 0.01  # of full scale


MOST_VALUES = 2**27
"""Most values of a transform or an input: as complex numbers they take 2 GB."""


def require_room(values: int, clip: Clip, what: str) -> None:
    """Raise `ClipError` where `clip` would become more `values` than memory is meant for."""
    if values > MOST_VALUES:
        raise ClipError(
            f"{clip.name} lasts {clip.seconds:.0f} s and would become {values:,} values of "
            f"{what}: give a shorter recording, or a front end with a longer hop_length."
        )


def fitted(
    clip: Clip,
    rate: int,
    length: int | None,
    shortest: int = 1,
    short: str = "zeros",
    note: str | None = None,
    channels: int = 1,
    offset: str = "kept",
) -> Clip:
    """`clip` at `rate` Hz with `length` samples, or with its own, at least `shortest`, if None.

    What was done is noted, and the `note` is added once. Raises `ClipError` if silent, or for
    another number of `channels` than the network takes; one that takes mono is given no others.
    """
    if channels > 1:
        if clip.channels is None:
            raise ClipError(
                f"{clip.name} was read as mono, and the network takes {channels} channels: give "
                f"its path, or a Clip that was read with channels={channels}."
            )
        require_channels(clip.name, len(clip.channels), channels)
    elif clip.channels is not None:
        clip = replace(clip, channels=None)
    clip = at_rate(clip, rate)
    if offset == "removed" and not clip.centred:
        clip = _without_offset(clip)
    wanted = max(len(clip.samples), shortest) if length is None else length
    if short == "repeat" and len(clip.samples) < wanted:
        repeated = f"{clip.seconds:.2f} s long: repeated to {wanted / rate:g} s"
        clip = clip.changed(lambda samples: np.resize(samples, wanted), repeated)
    clip = fit(clip, rate, wanted)
    if note is None or note in clip.notes:
        return clip
    return replace(clip, notes=(*clip.notes, note))


def without_offset(samples: Floats) -> Floats:
    """`samples` ``(time,)`` without their mean, which is a constant offset and not sound."""
    return np.asarray(samples - samples.dtype.type(samples.mean(dtype=np.float64)))


def _without_offset(clip: Clip) -> Clip:
    offset = float(clip.samples.mean(dtype=np.float64)) / FULL_SCALE
    notes = [f"a constant offset of {offset:+.2f} of full scale: removed"]
    clip = clip.changed(without_offset, *(notes if abs(offset) > _NOTED_OFFSET else ()))
    return replace(clip, centred=True)
