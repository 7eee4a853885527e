"""What tests of the explain command share."""

from pathlib import Path

import pytest

import lrp_audio.explanation


@pytest.fixture
def drawn_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take longer than all else and are tested elsewhere."""

    def blank(path: Path, *anything: object) -> None:
        Path(path).write_bytes(b"picture")

    monkeypatch.setattr(lrp_audio.explanation, "save_heatmap", blank)
