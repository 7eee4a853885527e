"""Sound as the bytes of a file."""

import io
from typing import Any

import soundfile
from numpy.typing import NDArray


def wav(sound: NDArray[Any], rate: int) -> bytes:
    """The WAV file of `sound` ``(time,)`` in -1..1 at `rate` Hz, in 16 bits.

    In memory: of an error of the disk, libsndfile gives no reason.
    """
    file = io.BytesIO()
    soundfile.write(file, sound, rate, subtype="PCM_16", format="WAV")
    return file.getvalue()
