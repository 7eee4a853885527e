"""A recording on a disk that fails while it is read: one sentence, and nothing from callbacks."""

import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lrp_audio.audio import files
from lrp_audio.errors import ClipError

COUNT = 200_000


class Failing(io.FileIO):
    """A file of which nothing can be read from `good` bytes on."""

    good = 0

    def read(self, size: int | None = -1, /) -> bytes:
        size = -1 if size is None else size
        if size != 0 and self.tell() + max(size, 0) > self.good:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(size) or b""


@pytest.fixture(params=["WAV", "FLAC", "AIFF"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, COUNT)
    path = tmp_path / f"noise.{request.param.lower()}"
    soundfile.write(path, noise, 16000, subtype="PCM_16", format=request.param)
    return path


@pytest.mark.parametrize("share", [0.0, 0.02, 0.4, 0.97])
@pytest.mark.parametrize("in_memory", [0, 64_000_000])  # read in place, and copied first
def test_the_error_of_the_disk_is_the_reason(
    share: float,
    in_memory: int,
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    Failing.good = round(share * recording.stat().st_size)
    monkeypatch.setattr(files, "open_regular", Failing)
    monkeypatch.setattr(files, "_IN_MEMORY", in_memory)
    with pytest.raises(ClipError, match=rf"{recording.name} cannot be read \(Input/output error\)"):
        files.decode(recording)
    assert capfd.readouterr() == ("", "")


def test_a_recording_that_is_read_in_place_is_as_one_that_is_copied(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = files.decode(recording)
    monkeypatch.setattr(files, "_IN_MEMORY", 0)
    in_place = files.decode(recording)
    assert copied.sha256 == in_place.sha256
    np.testing.assert_array_equal(copied.samples, in_place.samples)
