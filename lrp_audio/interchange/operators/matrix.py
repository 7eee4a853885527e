"""Products with a constant matrix."""

import numpy as np

from lrp_audio.errors import ModelError
from lrp_audio.interchange.call import Call
from lrp_audio.interchange.construction import Construction
from lrp_audio.interchange.operators.arithmetic import affine
from lrp_audio.interchange.values import AbsentAxis, MixedSamplesError, View
from lrp_audio.layers import Dense
from lrp_audio.types import Array


def matmul(call: Call, net: Construction) -> View:
    """MatMul with the constant on either side."""
    if len(call.live) > 1:
        raise ModelError(
            "it multiplies two matrices that depend on the input, as attention does, which is not "
            "explained; choose an output before it"
        )
    if call.live == [0]:
        return _right(net, call.view(0), call.constant(1))
    return _left(net, call.constant(0), call.view(1))


def gemm(call: Call, net: Construction) -> View:
    """Gemm: ``alpha A B + beta C``, either of the matrices transposed."""
    if call.live not in ([0], [1], [0, 2], [1, 2]):
        raise ModelError("it multiplies two matrices that depend on the input")
    live = call.live[0]
    swap = [call.attribute("transA", 0), call.attribute("transB", 0)]
    matrix = call.constant(1 - live)
    matrix = matrix.T if swap[1 - live] else matrix
    matrix = matrix * matrix.dtype.type(call.attribute("alpha", 1.0))
    view = call.view(live)
    if len(view.axes) != 2 or matrix.ndim != 2:
        raise ModelError(f"its matrices have {len(view.axes)} and {matrix.ndim} axes; expected 2")
    view = view.transposed((1, 0)) if swap[live] else view
    product = _right(net, view, matrix) if live == 0 else _left(net, matrix, view)
    if 2 in call.live:
        raise ModelError("it adds a value that depends on the input; use Add")
    added = call.array(2)
    if added is None:
        return product
    return affine(net, product, bias=added * added.dtype.type(call.attribute("beta", 1.0)))


def _right(net: Construction, view: View, matrix: Array) -> View:
    """``view matrix``, along the last axis of `view`."""
    matrix, is_vector = _matrix(matrix, column=True)
    if not view.axes:
        raise ModelError("it multiplies a number by a matrix")
    if view.axes[-1] is AbsentAxis.BATCH:
        raise MixedSamplesError("it sums over the batch")
    view = net.plain(view)
    if not isinstance(view.axes[-1], int):
        raise ModelError(f"it multiplies {view.sizes()} by a matrix of shape {matrix.shape}")
    node = net.add(Dense(net.number(matrix.T)), view.node)
    product = View(node, net.shapes[node], view.axes)
    return product.without([len(view.axes) - 1]) if is_vector else product


def _left(net: Construction, matrix: Array, view: View) -> View:
    """``matrix view``, along the last axis but one of `view`."""
    matrix, is_vector = _matrix(matrix, column=False)
    if len(view.axes) < 2:
        product = _right(net, view, matrix.T)
        return product.without([0]) if is_vector else product
    order = list(range(len(view.axes)))
    order[-2:] = order[:-3:-1]
    product = _right(net, view.transposed(order), matrix.T).transposed(order)
    return product.without([len(order) - 2]) if is_vector else product


def _matrix(matrix: Array, column: bool) -> tuple[Array, bool]:
    """`matrix` with two axes, and whether it was a vector."""
    while matrix.ndim > 2 and matrix.shape[0] == 1:
        matrix = matrix[0]
    if matrix.ndim == 1:
        return (matrix[:, None] if column else matrix[None, :]), True
    if matrix.ndim != 2:
        raise ModelError(f"its constant of shape {np.shape(matrix)} is not one matrix")
    return matrix, False
