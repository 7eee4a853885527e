"""The rules of layers that act on each value separately, or only move values."""

from dataclasses import dataclass
from typing import ClassVar

from lrp_audio.rules.base import Rule


@dataclass(frozen=True)
class Pass(Rule):
    """Relevance goes through unchanged: activations, dropout, reshaping."""

    name: ClassVar[str] = "pass"
    formula: ClassVar[str] = "R_j = R_k"
    source: ClassVar[str] = "Bach et al. 2015"
    absorbs: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class PassCopies(Rule):
    """Relevance goes to the input that an output is a copy of; that of constants is dropped.

    Constants are the padding, and the outputs that a floor or a ceiling replaced.
    """

    name: ClassVar[str] = "pass-copies"
    formula: ClassVar[str] = "R_j = sum_k [y_k is a copy of x_j] R_k"
    source: ClassVar[str] = "this project"
    absorbs: ClassVar[tuple[str, ...]] = ("dropped",)
