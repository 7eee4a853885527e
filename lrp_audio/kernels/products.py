"""The products of a frame's windows with a weight: direct, by Winograd filtering, or depthwise."""

from lrp_audio.kernels import winograd
from lrp_audio.kernels.blocks import clear
from lrp_audio.kernels.microkernel import MOST_ROWS, add_products
from lrp_audio.kernels.operand import WINOGRAD, Operand, vectors_of
from lrp_audio.kernels.parts import part
from lrp_audio.kernels.windows import Window
from lrp_audio.types import Array


@part
def products(
    frame: Array, operand: Operand, window: Window, z: Array, inputs: Array, found: Array
) -> None:
    """The windows of `frame` times the weight, into `z` ``(samples, height, width, padded)``.

    The window begins at the frame's corner. `inputs` and `found` are flat memory for Winograd
    filtering.
    """
    if operand.kind == WINOGRAD:
        winograd.products(frame, operand, window.kernel, z, inputs, found)
        return
    kernel, stride, _, dilation = window
    samples, tall, wide, channels = frame.shape
    height, width = z.shape[1], z.shape[2]
    if kernel[1] == 1 and width == wide and (wide == 1 or stride[0] == 1):
        # The lines follow each other without a gap: as one line they fill the tiles.
        window = Window((1, kernel[0]), (1, stride[0]), (0, 0), (1, dilation[0] * wide))
        frame = frame.reshape(samples, 1, tall * wide, channels)
        z = z.reshape(samples, 1, height * width, z.shape[3])
    _direct(frame, operand, window, z)


@part
def _direct(frame: Array, operand: Operand, window: Window, z: Array) -> None:
    kernel, stride, _, dilation = window
    clear(z)
    samples, tall, wide, channels = frame.shape
    _, height, width, padded = z.shape
    given, made = frame.reshape(-1), z.reshape(-1)
    depth, columns = operand.depth, operand.width
    taps = kernel[0] * kernel[1]
    line = dilation[0] * wide * channels
    whole = depth == channels and dilation[1] == 1  # the values of a kernel's row are one run
    segments = -(-width // MOST_ROWS)
    for panel in range(operand.groups * operand.panels):
        b = panel * taps * depth * columns
        group = panel // operand.panels
        vectors = vectors_of(operand, panel)
        for sample in range(samples):
            for y in range(height):
                top = (sample * tall + y * stride[0]) * wide * channels + group * depth
                row = (sample * height + y) * width
                for segment in range(segments):
                    first = width * segment // segments
                    rows = width * (segment + 1) // segments - first
                    a = top + first * stride[1] * channels
                    c = (row + first) * padded + panel * columns
                    a_row = stride[1] * channels
                    if whole:
                        add_products(
                            rows, vectors, given, a, a_row, line, 1, kernel[0], kernel[1] * depth,
                            operand.weight, b, columns, made, c, padded,
                        )  # fmt: skip
                        continue
                    for ky in range(kernel[0]):
                        add_products(
                            rows, vectors, given, a + ky * line, a_row, dilation[1] * channels, 1,
                            kernel[1], depth,
                            operand.weight, b + ky * kernel[1] * depth * columns, columns,
                            made, c, padded,
                        )  # fmt: skip


@part
def depthwise_products(frame: Array, operand: Operand, window: Window, z: Array) -> None:
    """`products` with the weight of a depthwise convolution."""
    kernel, stride, _, dilation = window
    clear(z)
    samples, height, width, padded = z.shape
    made = operand.made
    taps = operand.weight.reshape(kernel[0] * kernel[1], padded)
    for sample in range(samples):
        for y in range(height):
            for x in range(width):
                total = z[sample, y, x]
                for ky in range(kernel[0]):
                    for kx in range(kernel[1]):
                        seen = frame[
                            sample,
                            y * stride[0] + ky * dilation[0],
                            x * stride[1] + kx * dilation[1],
                        ]
                        tap = taps[ky * kernel[1] + kx]
                        if made == 1:
                            for c in range(padded):
                                total[c] += seen[c] * tap[c]
                        else:
                            for c in range(padded):
                                total[c] += seen[c // made] * tap[c]
