"""The packages that parse files, imported where they are used."""

from importlib import import_module
from typing import Any

from lrp_audio.errors import ModelError


def parser(name: str, what: str) -> Any:
    """The module `name`; raises `ModelError` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ModelError(
            f"Reading {what} needs the package {package}: pip install {package} ({error})."
        ) from error
