"""A weight as the products take it: flat, and cut into panels as wide as a tile."""

from typing import NamedTuple

from lrp_audio.kernels.compiling import compiled
from lrp_audio.kernels.microkernel import VECTORS
from lrp_audio.types import Array

DIRECT, WINOGRAD, DEPTHWISE = range(3)


class Operand(NamedTuple):
    """A weight ready for products: flat, cut into panels as wide as a tile of the microkernel.

    `kind` says how: DIRECT as ``(groups, panels, kh * kw * in/g, width)``; WINOGRAD, transformed,
    as ``(groups, panels, products, in/g, width)``; DEPTHWISE as ``(kh * kw, out)``. `depth` is
    in/g, `made` is out/g; the last panel of a group is filled up with zeros.
    """

    kind: int
    weight: Array
    groups: int
    panels: int
    depth: int
    made: int
    width: int

    @property
    def channels(self) -> int:
        """Number of output channels, of all groups together."""
        return self.groups * self.made

    @property
    def padded(self) -> int:
        """Number of columns that the products fill, of all groups together."""
        return self.groups * self.panels * self.width


@compiled()
def vectors_of(operand: Operand, panel: int) -> int:
    """Number of vectors that hold the columns of a panel: one may do for the last of a group."""
    left = operand.made - panel % operand.panels * operand.width
    return min(VECTORS, -(-left * VECTORS // operand.width))
