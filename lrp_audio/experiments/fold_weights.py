"""Where the weights that were trained on a fold of a cross-validation are stored."""

from pathlib import Path

FOLDER = "models"
"""Folder of the weights in the output folder of the experiment ``accuracy``."""


def fold_weights(folder: Path, architecture: str, task: str, fold: int) -> Path:
    """The weights file of a network and fold in `folder`."""
    return folder / f"{architecture}-{task}-fold{fold}.npz"
