"""Names of types that every room uses."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array of any type, mostly float32 or float64."""

Floats: TypeAlias = NDArray[np.floating[Any]]
"""An array of floating-point numbers."""

Parameters: TypeAlias = dict[str, Array]
"""Trainable arrays of a network by name, such as ``conv1.weight``; or their gradients."""
