"""The architectures with a module for every function that they call: zennit hooks modules only.

The modules are those of the network, in the order in which they compute, without its ending.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np
from architectures import M5, LogMelCNN, Residual, Separable
from installed import torch, zennit
from torch import nn
from translate import ExactMerge, GlobalAverage, GlobalMaximum, dropped_at_zero
from zennit import composites

Module = nn.Module
Tensor = torch.Tensor


@dataclass(frozen=True)
class Hookable:
    """Modules up to the logits, and the rules that zennit has to be given, by module."""

    network: Module
    rules: dict[str, zennit.core.Hook] = field(default_factory=dict)

    def composite(self, peer: type[zennit.core.Composite]) -> zennit.core.Composite:
        """`peer` with the exact rules of this engine (see docs/peers.md) and those of `rules`."""
        sums = [((zennit.layer.Sum, zennit.types.AvgPool), zennit.rules.Norm(1e-6))]
        rest = peer(layer_map=sums, stabilizer=dropped_at_zero, canonizers=[ExactMerge()])
        named = composites.NameMapComposite([((name,), rule) for name, rule in self.rules.items()])
        return composites.MixedComposite([named, rest])


@singledispatch
def hookable(network: Module) -> Hookable:
    """A copy of `network` in double precision with a module for every function that it calls."""
    raise NotImplementedError(f"No modules for the functions of {type(network).__name__}.")


def _in_double(network: Module) -> Module:
    """A copy that computes in double precision with the numbers of the file, which are float32."""
    network = deepcopy(network).double().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.eps = float(np.float32(module.eps))
    return network


@hookable.register
def _(network: M5) -> Hookable:
    n = _in_double(network)
    first = [n.conv1, n.bn1, nn.ReLU(), nn.MaxPool1d(4)]
    second = [n.conv2, n.bn2, nn.ReLU(), nn.MaxPool1d(4)]
    third = [n.conv3, n.bn3, nn.ReLU(), GlobalAverage()]
    return Hookable(nn.Sequential(*first, *second, *third, n.fc1))


@hookable.register
def _(network: LogMelCNN) -> Hookable:
    """Neither batch-norm without a convolution before it can be merged by zennit.

    That of the bands is kept by this engine too, and takes epsilon. That behind the ReLU is folded
    into the dense layer: as if it were a layer under LRP-0.
    """
    n = _in_double(network)
    bands = [n.norm, nn.Unflatten(1, (1, n.norm.num_features)), nn.ZeroPad2d((1, 1, 1, 2))]
    first = [n.conv1, n.bn1, nn.ReLU(), nn.MaxPool2d(2)]
    second = [n.conv2, nn.ReLU(), n.bn2, nn.MaxPool2d(2)]
    modules = nn.Sequential(*bands, *first, *second, nn.Flatten(), n.out)
    apart = {n.norm: zennit.rules.Norm(1e-6), n.bn2: zennit.rules.Norm(dropped_at_zero)}
    names = {module: name for name, module in modules.named_modules()}
    return Hookable(modules, {names[module]: rule for module, rule in apart.items()})


@hookable.register
def _(network: Residual) -> Hookable:
    return Hookable(_ResidualOfModules(_in_double(network)))


class _ResidualOfModules(Module):
    """Sums as modules: zennit would give each branch of a plus all of the relevance."""

    def __init__(self, n: Module) -> None:
        super().__init__()
        self.stem = nn.Sequential(n.stem, nn.ReLU())
        self.first, self.first_sum = n.first, nn.Sequential(zennit.layer.Sum(1), nn.ReLU())
        self.second, self.shortcut = n.second, n.shortcut
        self.second_sum = nn.Sequential(zennit.layer.Sum(1), nn.ReLU())
        self.head = nn.Sequential(GlobalAverage(), n.head)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = self.first_sum(torch.stack([x, self.first(x)], dim=1))
        x = self.second_sum(torch.stack([self.second(x), self.shortcut(x)], dim=1))
        return self.head(x)


@hookable.register
def _(network: Separable) -> Hookable:
    """zennit has no rule for a product: squeeze-and-excite is given `Pass` as a whole.

    That is what this engine's default comes to: the signal takes all, the gate nothing.
    """
    return Hookable(_SeparableOfModules(_in_double(network)), {"body.6": zennit.rules.Pass()})


class _SeparableOfModules(Module):
    def __init__(self, n: Module) -> None:
        super().__init__()
        self.body, self.out = n.body, n.out
        self.body[6] = _SqueezeAndExcite(n.body[6])
        self.maximum, self.mean = GlobalMaximum(), GlobalAverage()

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x)
        return self.out(torch.cat([self.maximum(x), self.mean(x)], dim=1))


class _SqueezeAndExcite(Module):
    """The file has the slope of the HardSigmoid, 1/6, in float32."""

    def __init__(self, n: Module) -> None:
        super().__init__()
        self.means = nn.Sequential(GlobalAverage(), nn.Unflatten(1, (n.down.in_channels, 1, 1)))
        self.gate = nn.Sequential(n.down, nn.ReLU(), n.up)
        self.slope = float(np.float32(1 / 6))

    def forward(self, x: Tensor) -> Tensor:
        return x * (self.slope * self.gate(self.means(x)) + 0.5).clamp(0, 1)
