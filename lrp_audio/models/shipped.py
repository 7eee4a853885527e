"""The weights files of the package; without heavy imports, since help texts list them."""

from pathlib import Path


def weights_folder() -> Path:
    """The folder of the shipped weights: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "weights"
    return installed if installed.is_dir() else package.parent / "weights"


def shipped() -> dict[str, Path]:
    """The shipped weights files by model name."""
    return {path.stem: path for path in sorted(weights_folder().glob("*.npz"))}
