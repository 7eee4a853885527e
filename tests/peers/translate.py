"""The same network in torch, the same rules in zennit, and what they explain."""

from collections.abc import Mapping
from functools import singledispatch

import numpy as np
from draws import Draw, RecordedBatchNorm
from installed import torch, zennit
from numpy.typing import NDArray

from lrp_audio import layers, rules
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.pooled import Pooled
from lrp_audio.layers.window import Pairs, Same
from lrp_audio.models.network import INPUT, Network

Array = NDArray[np.float64]
Module = torch.nn.Module
Tensor = torch.Tensor


class Graph(Module):
    """`network` in torch, module by module under the names of its nodes."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.nodes = torch.nn.ModuleDict({n.name: module(n.layer) for n in network.nodes})
        self.sources = {n.name: n.sources for n in network.nodes}

    def forward(self, x: Tensor) -> Tensor:
        found = {INPUT: x}
        for name, node in self.nodes.items():
            arrays = [found[source] for source in self.sources[name]]
            found[name] = node(arrays[0] if len(arrays) == 1 else torch.stack(arrays, dim=1))
        return found[name]


def graph(network: Network) -> Graph:
    """`network` as a torch module in double precision, ready for inference."""
    return Graph(network).double().eval()


def relevance(draw: Draw, peer: zennit.core.Composite) -> tuple[Array, Array]:
    """Logits and input relevance of `draw` as zennit finds them."""
    return explained(graph(draw.network), draw.x, draw.share, peer)


def explained(
    network: Module, x: Array, share: Array | float, peer: zennit.core.Composite
) -> tuple[Array, Array]:
    """Logits of `network` and what zennit makes of ``share * logits`` at the input."""
    signal = torch.tensor(x, requires_grad=True)
    with peer.context(network) as hooked:
        logits = hooked(signal)
        start = logits.detach() * torch.as_tensor(share)
        (found,) = torch.autograd.grad(logits, signal, start)
    return logits.detach().numpy(), found.numpy()


# Layers


@singledispatch
def module(layer: layers.Layer) -> Module:
    """The torch module that computes what `layer` computes."""
    raise NotImplementedError(f"No translation of {type(layer).__name__} into torch.")


@module.register
def _(layer: layers.Dense) -> Module:
    outputs, inputs = layer.weight.shape
    return _with_weights(torch.nn.Linear(inputs, outputs, layer.bias is not None), layer)


@module.register
def _(layer: Convolution) -> Module:
    kind = torch.nn.Conv1d if layer.rank == 1 else torch.nn.Conv2d
    outputs, per_group, *kernel = layer.weight.shape
    window = layer.window
    return _with_weights(
        kind(
            per_group * layer.groups,
            outputs,
            tuple(kernel),
            window.stride,
            _symmetric(window.pad),
            window.dilation,
            layer.groups,
            layer.bias is not None,
        ),
        layer,
    )


def _with_weights(made: Module, layer: layers.Dense | Convolution) -> Module:
    made.weight = torch.nn.Parameter(torch.tensor(layer.weight))
    if layer.bias is not None:
        made.bias = torch.nn.Parameter(torch.tensor(layer.bias))
    return made


@module.register
def _(layer: RecordedBatchNorm) -> Module:
    norm = BatchNorm(len(layer.scale), layer.epsilon)
    norm.load_state_dict(
        {
            "weight": torch.tensor(layer.scale),
            "bias": torch.tensor(layer.shift),
            "running_mean": torch.tensor(layer.mean),
            "running_var": torch.tensor(layer.variance),
            "num_batches_tracked": torch.tensor(0),
        }
    )
    return norm


class BatchNorm(torch.nn.BatchNorm1d):
    """torch's batch-norm for any number of axes; zennit knows it by its base."""

    def __init__(self, channels: int, epsilon: float) -> None:
        super().__init__(channels, epsilon, dtype=torch.double)

    def _check_input_dim(self, input: Tensor) -> None:
        pass


@module.register
def _(layer: Pooled) -> Module:
    maximum = isinstance(layer, layers.MaxPool1D | layers.MaxPool2D)
    if maximum:
        kind = torch.nn.MaxPool1d if layer.rank == 1 else torch.nn.MaxPool2d
    else:
        kind = torch.nn.AvgPool1d if layer.rank == 1 else torch.nn.AvgPool2d
    window = layer.window
    if maximum:
        options = {"dilation": window.dilation}
    else:
        options = {"count_include_pad": layer.count_include_pad}
    pad = _symmetric(window.pad)
    return kind(window.kernel, window.stride, pad, ceil_mode=window.ceil_mode, **options)


def _symmetric(pad: Pairs | Same) -> tuple[int, ...] | str:
    """One number for both sides of each axis: torch's layers have no others."""
    if isinstance(pad, str):
        assert pad == "same"  # torch has no other
        return pad
    assert all(before == after for before, after in pad)
    return tuple(before for before, _ in pad)


@module.register
def _(layer: layers.GlobalAveragePool) -> Module:
    return GlobalAverage()


class GlobalAverage(torch.nn.AdaptiveAvgPool1d):
    """Mean of each channel of any number of axes; zennit knows it by its base."""

    def __init__(self) -> None:
        super().__init__(1)

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=tuple(range(2, x.ndim)))


@module.register
def _(layer: layers.GlobalMaxPool) -> Module:
    return GlobalMaximum()


class GlobalMaximum(Module):
    """Maximum of each channel of any number of axes; the gradient of `max` goes to one winner."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).max(dim=2).values


@module.register
def _(layer: layers.Sum) -> Module:
    return zennit.layer.Sum(dim=1)


@module.register
def _(layer: layers.Flatten) -> Module:
    return torch.nn.Flatten()


@module.register
def _(layer: layers.Reshape) -> Module:
    return torch.nn.Unflatten(1, layer.shape)


@module.register
def _(layer: layers.Dropout) -> Module:
    return torch.nn.Dropout(layer.rate)


@module.register
def _(layer: layers.ReLU) -> Module:
    return torch.nn.ReLU()


@module.register
def _(layer: layers.LeakyReLU) -> Module:
    return torch.nn.LeakyReLU(layer.slope)


@module.register
def _(layer: layers.ELU) -> Module:
    return torch.nn.ELU(layer.alpha)


@module.register
def _(layer: layers.GELU) -> Module:
    return GELU()


class GELU(torch.nn.GELU):
    """torch's own computes 1 + erf, which leaves nine digits at x = -5.4 and two at x = -8."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 0.5 * torch.special.erfc(-x / 2**0.5)


@module.register
def _(layer: layers.PReLU) -> Module:
    made = torch.nn.PReLU(len(layer.slope))
    made.weight = torch.nn.Parameter(torch.tensor(layer.slope))
    return made


@module.register
def _(layer: layers.SiLU) -> Module:
    return torch.nn.SiLU()


@module.register
def _(layer: layers.HardSwish) -> Module:
    return torch.nn.Hardswish()


@module.register
def _(layer: layers.HardSigmoid) -> Module:
    return torch.nn.Hardsigmoid()


@module.register
def _(layer: layers.Softplus) -> Module:
    return torch.nn.Softplus(threshold=1e9)  # above it, torch's is linear


@module.register
def _(layer: layers.Identity) -> Module:
    return torch.nn.Identity()


@module.register
def _(layer: layers.Tanh) -> Module:
    return torch.nn.Tanh()


@module.register
def _(layer: layers.Sigmoid) -> Module:
    return torch.nn.Sigmoid()


# Rules


class ExactMerge(zennit.canonizers.SequentialMergeBatchNorm):
    """zennit's merging of batch-norms, leaving an identity behind.

    zennit 0.5.1 leaves ``x / sqrt(1 + epsilon)`` behind, which is another network.
    """

    def register(self, linears: list[Module], batch_norm: Module) -> None:
        super().register(linears, batch_norm)
        batch_norm.eps = 0.0


def dropped_at_zero(z: Tensor) -> Tensor:
    """A stabiliser that adds nothing: a neuron whose denominator is exactly 0 hands on nothing."""
    return torch.where(z == 0, torch.inf, z)


EXACT = {"stabilizer": dropped_at_zero}


@singledispatch
def hook(rule: rules.Rule) -> zennit.core.Hook:
    """The zennit rule with the formula of `rule`."""
    raise NotImplementedError(f"No translation of the rule {rule} into zennit.")


@hook.register
def _(rule: rules.LRP0) -> zennit.core.Hook:
    return zennit.rules.Epsilon(epsilon=dropped_at_zero)


@hook.register
def _(rule: rules.Epsilon) -> zennit.core.Hook:
    return zennit.rules.Epsilon(epsilon=rule.epsilon)


@hook.register
def _(rule: rules.RelativeEpsilon) -> zennit.core.Hook:
    scaled = zennit.core.Stabilizer(rule.share, norm_scale=True)
    return zennit.rules.Epsilon(epsilon=lambda z: dropped_at_zero(scaled(z)))


@hook.register
def _(rule: rules.AlphaBeta) -> zennit.core.Hook:
    return zennit.rules.AlphaBeta(rule.alpha, rule.beta, **EXACT)


@hook.register
def _(rule: rules.ZPlus) -> zennit.core.Hook:
    return zennit.rules.ZPlus(**EXACT)


@hook.register
def _(rule: rules.Gamma | rules.GeneralisedGamma) -> zennit.core.Hook:
    return zennit.rules.Gamma(rule.gamma, **EXACT)


@hook.register
def _(rule: rules.Box) -> zennit.core.Hook:
    return zennit.rules.ZBox(**bounds(rule.low, rule.high), **EXACT)


@hook.register
def _(rule: rules.WSquare) -> zennit.core.Hook:
    return zennit.rules.WSquare(zero_params=["bias"], **EXACT)


@hook.register
def _(rule: rules.Flat) -> zennit.core.Hook:
    return zennit.rules.Flat(**EXACT)


@hook.register
def _(rule: rules.Pass) -> zennit.core.Hook:
    return zennit.rules.Pass()


def bounds(low: float, high: float) -> Mapping[str, Tensor]:
    """The box for zennit, as doubles: it would round plain numbers to float32."""
    return {
        "low": torch.tensor(low, dtype=torch.double),
        "high": torch.tensor(high, dtype=torch.double),
    }
