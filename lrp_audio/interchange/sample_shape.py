"""Shape of a sample: what a graph declares of its input, and what is given or usual beside it."""

from collections.abc import Sequence

from lrp_audio.arguments import described
from lrp_audio.errors import ModelError
from lrp_audio.interchange.graph import Port
from lrp_audio.interchange.values import AbsentAxis
from lrp_audio.models.shapes import with_ones

_SAMPLES, _FRAMES = (16_000, 160_000), (100, 1_000)  # lengths to try where any is taken


def _axes_of(entry: Port, axes: int) -> tuple[AbsentAxis | None, tuple[int | None, ...]]:
    """What the first axis of the input is, if it is the batch, and the axes of a sample.

    Of an input whose shape the graph does not say, a sample has so many `axes` of any length.
    """
    declared = (None,) * (1 + axes) if entry.shape is None else entry.shape
    if len(declared) > 1 and declared[0] in (None, 1):
        return AbsentAxis.BATCH if declared[0] is None else AbsentAxis.ONE, declared[1:]
    return None, declared


def usual_shapes(entry: Port) -> list[tuple[int, ...]]:
    """Shapes to read a network for whose input leaves lengths open; none where it does not."""
    if entry.shape is None or None not in (axes := _axes_of(entry, 0)[1]):
        return []
    samples = all(n in (None, 1) for n in axes) and axes.count(None) == 1
    return [
        tuple(length if n is None else n for n in axes)
        for length in (_SAMPLES if samples else _FRAMES)
    ]


def sample_shape(
    entry: Port, wanted: Sequence[int] | None
) -> tuple[tuple[int, ...], tuple[int, ...], AbsentAxis | None]:
    """Shape of a sample, its axes of any length, and what the first axis of the graph's input is.

    The first of several axes is the batch if its length is open or 1.
    """
    if entry.shape is None and wanted is None:
        raise ModelError(
            f"The graph does not say the shape of its input {described(entry.name)}; give shape, "
            "that of a sample without the batch axis."
        )
    batch, declared = _axes_of(entry, len(wanted or ()))
    free = tuple(axis for axis, length in enumerate(declared) if length is None)
    if wanted is None:
        sample = tuple(length for length in declared if length is not None)
    else:
        sample = with_ones([int(length) for length in wanted], declared)
        fits = len(sample) == len(declared) and all(
            n >= 1 and m in (None, n) for n, m in zip(sample, declared, strict=True)
        )
        if not fits:
            raise ModelError(
                f"Samples of shape {sample} are meant to be given, and the input "
                f"{described(entry.name)} takes samples of ({in_words(declared)}): correct the "
                "front end or the shape."
            )
    if not sample or min(sample) < 1:
        raise ModelError(f"The input {described(entry.name)} takes samples of shape {sample}.")
    return sample, free, batch


def in_words(lengths: Sequence[int | None]) -> str:
    """The lengths of axes, such as ``1, any`` where the second is open."""
    return ", ".join("any" if length is None else str(length) for length in lengths)
