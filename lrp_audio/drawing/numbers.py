"""Numbers printed in figures: all of a kind with the same decimals, so that sums can be checked."""

import math
from collections.abc import Callable

import numpy as np

from lrp_audio.types import Floats

_DECIMALS = 2  # of a largest number from 1 to 10


def alike(values: Floats) -> Callable[[float], str]:
    """How to print numbers beside `values`: with the decimals that the largest needs."""
    largest = float(np.abs(values).max(initial=0))
    exponent = math.floor(math.log10(largest)) if 0 < largest < math.inf else 0
    if not -4 <= exponent < 5:
        return lambda value: signed(f"{value:.2g}")
    decimals = max(_DECIMALS - exponent + (exponent > 0), 0)  # two from 1 to 100
    if np.array_equal(np.round(values), values):
        decimals = 0

    def text(value: float) -> str:
        rounded = round(value, decimals) + 0.0  # never -0
        return signed(f"{rounded:.{decimals}f}")

    return text


def signed(number: str) -> str:
    """`number` with a true minus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def is_zero(text: str) -> bool:
    """Whether a printed number has been rounded to 0."""
    return not any(digit in text for digit in "123456789")


def percent(share: float) -> str:
    """A share as a percentage; not rounded to 100 or 0 % where it is neither."""
    if abs(share) < 0.0005 or abs(share) >= 100:
        return f"{signed(f'{100 * share:.1e}')} %" if share else "0 %"
    if abs(share - 1) < 0.0005:
        return "100 %"
    return f"{signed(f'{100 * share:.1f}')} %"
