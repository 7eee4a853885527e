"""Operators that are not read, each with what to do about it."""

from collections.abc import Mapping

_RECURRENT = (
    "recurrent layers are not explained yet; choose an output before it with output=, or train a "
    "network without them"
)
_CONTROL = (
    "control flow is not read; export with fixed choices, as torch.onnx.export does from an "
    "example, or simplify the graph"
)
_QUANTISED = (
    "it computes with whole numbers; export the network before it is quantised, or quantise it in "
    "the QDQ format"
)
_RESIZING = "resampling inside of the network is not explained yet; choose an output before it"
_NORMAL = (
    "it normalises by mean and deviation of its own input, which is not explained yet; train with "
    "BatchNorm, or choose an output before it"
)
_ATTENTION = "attention is not explained yet; choose an output before it"
_FOURIER = (
    "a Fourier transform inside of the graph is not read; export the network from its spectrogram "
    "on and declare the front end, or compute the transform by a convolution"
)

REASONS: Mapping[str, str] = {
    "Attention": _ATTENTION,
    "ConvInteger": _QUANTISED,
    "DFT": _FOURIER,
    "DynamicQuantizeLinear": _QUANTISED,
    "Einsum": "sums over named axes are not read; use MatMul",
    "GRU": _RECURRENT,
    "GroupNormalization": _NORMAL,
    "If": _CONTROL,
    "InstanceNormalization": _NORMAL,
    "LSTM": _RECURRENT,
    "LayerNormalization": _NORMAL,
    "Loop": _CONTROL,
    "MatMulInteger": _QUANTISED,
    "QLinearConv": _QUANTISED,
    "QLinearMatMul": _QUANTISED,
    "RMSNormalization": _NORMAL,
    "RNN": _RECURRENT,
    "Resize": _RESIZING,
    "STFT": _FOURIER,
    "Scan": _CONTROL,
    "Upsample": _RESIZING,
}


def reason(op: str) -> str:
    """Why the operator `op` is not read, and what to do."""
    return REASONS.get(op, "this operator is not read; choose an output before it with output=")
