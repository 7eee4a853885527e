"""Whoever waits for kernels to be compiled is told so, and nobody else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba import njit

from lrp_audio.errors import ClipError
from lrp_audio.explain import command, main
from lrp_audio.kernels.compiling import before_compiling

_RECTIFY = """\
import numpy as np
from lrp_audio.kernels.compiling import before_compiling
from lrp_audio.kernels.elementwise import gate, rectify
with before_compiling(lambda: print("compiling")):
    gate(rectify(np.ones((1, 2, 3))), np.ones((1, 2, 3)))
"""


def test_kernels_in_the_cache_are_not_announced(tmp_path: Path) -> None:
    """The first process compiles two kernels, the second finds them in numba's cache."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", _RECTIFY],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for _ in range(2)
    ]
    assert said == ["compiling\n", ""]


def test_outside_the_block_nothing_is_said() -> None:
    said: list[str] = []
    with before_compiling(lambda: said.append("compiling")):
        pass
    njit(lambda: 1)()
    assert said == []


def test_the_command_announces_compiling_once_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compiling(options: object) -> int:
        assert kernel() == 1
        assert other() == 2
        raise ClipError("That is all.")

    kernel, other = njit(lambda: 1), njit(lambda: 2)
    monkeypatch.setattr(command, "_explain", compiling)
    notice = "First run: compiling the kernels, ten to twenty seconds; later runs start at once."
    main(["a.wav", "--out", str(tmp_path)])
    assert capsys.readouterr().err.splitlines() == [notice, "error: That is all."]
    main(["a.wav", "--out", str(tmp_path)])
    assert capsys.readouterr().err.splitlines() == ["error: That is all."]
