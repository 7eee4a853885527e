"""Whole random networks under every rule that zennit has: the input relevance is the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from draws import BOUNDS, Draw, draw
from figure import Figure, relative_difference
from installed import torch, zennit
from translate import EXACT, ExactMerge, bounds, hook, module, relevance
from zennit import composites as peers
from zennit import types

import lrp_audio.layers
import lrp_audio.rules
from lrp_audio.layers import BatchNorm, Layer, MaxPool1D, MaxPool2D
from lrp_audio.layers.convolution import Convolution
from lrp_audio.layers.pooled import Pooled
from lrp_audio.rules import (
    LRP0,
    PRESETS,
    AlphaBeta,
    Box,
    Composite,
    Epsilon,
    Flat,
    Gamma,
    GeneralisedGamma,
    LinearRule,
    PassCopies,
    Proportional,
    RelativeEpsilon,
    Rule,
    SignalTakesAll,
    WSquare,
    ZPlus,
)

LIMIT = 1e-10
NOT_COMPARED = {
    getattr(lrp_audio.layers, name)
    for name in (
        *("Abs", "Affine", "Clip", "Concat", "Exp", "Log", "LogSoftmax", "Maximum", "Minimum"),
        *("Pad", "Permute", "Pow", "Product", "Slice", "Softmax", "Sqrt"),
    )
}
"""Layers that torch has only as functions, which zennit cannot attach a rule to."""
SEEDS = range(220)

# torch remarks that it pads a copy for "same" with an even kernel.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")

ZennitComposite = zennit.core.Composite
LayerMap = list[tuple[tuple[type, ...], zennit.core.Hook]]


@dataclass(frozen=True)
class Pair:
    """The same rules here and in zennit, and the networks for which both mean the same."""

    ours: Composite
    theirs: Callable[[], ZennitComposite]
    takes: Callable[[Draw], bool] = lambda _: True
    non_negative: bool = False


def averages(rule: LinearRule) -> LayerMap:
    """`rule` for sums and averages, and that relevance passes through activations."""
    epsilon = isinstance(rule, Epsilon)
    chosen = zennit.rules.Norm(rule.epsilon) if epsilon else hook(rule)
    return [((types.Activation,), zennit.rules.Pass()), ((zennit.layer.Sum, types.AvgPool), chosen)]


def one_rule(rule: LinearRule, pools: LinearRule | None = None, **choice: object) -> Pair:
    """One rule for all dense and convolution layers, `pools` (or epsilon 1e-6) for averages."""
    kinds = {"convolution": rule, "dense": rule}
    if pools is not None:
        kinds |= {"average-pool": pools, "sum": pools}
    layers = [*averages(pools or Epsilon(1e-6)), ((types.Linear,), hook(rule))]
    theirs = partial(peers.LayerMapComposite, layers, canonizers=[ExactMerge()])
    return Pair(Composite(str(rule), kinds), theirs, **choice)  # type: ignore[arg-type]


def preset(name: str, peer: type[ZennitComposite], *, box: bool = False) -> Pair:
    """A preset and zennit's composite of the same name; zennit's box is for convolutions only."""
    settings = {
        "layer_map": averages(Epsilon(1e-6)),
        "canonizers": [ExactMerge()],
        **EXACT,
        **(bounds(*BOUNDS) if box else {}),
    }
    takes = starts_with_convolution if box else lambda _: True
    return Pair(PRESETS[name](BOUNDS), partial(peer, **settings), takes)


def first_rule(name: str, rule: LinearRule, others: LinearRule) -> Pair:
    """A preset with its own rule for the first weighted layer, spelt out for zennit."""
    theirs = partial(
        peers.SpecialFirstLayerMapComposite,
        [*averages(Epsilon(1e-6)), ((types.Linear,), hook(others))],
        [((types.Linear,), hook(rule))],
        canonizers=[ExactMerge()],
    )
    return Pair(PRESETS[name](BOUNDS), theirs)


def starts_with_convolution(drawn: Draw) -> bool:
    weighted = [n.layer for n in drawn.folded.nodes if n.layer.default_rule is None]
    return isinstance(weighted[0], Convolution)


PAIRS: Mapping[str, Pair] = {
    "LRP-0": one_rule(LRP0()),
    "Epsilon(1e-6)": one_rule(Epsilon(1e-6)),
    "Epsilon(0.25)": one_rule(Epsilon(0.25)),
    "relative Epsilon(0.1)": one_rule(RelativeEpsilon(0.1)),
    "ZPlus": one_rule(ZPlus()),
    "AlphaBeta(2, 1)": one_rule(AlphaBeta(2, 1)),
    "AlphaBeta(1.5, 0.5)": one_rule(AlphaBeta(1.5, 0.5)),
    "Gamma(0.25), generalised": one_rule(GeneralisedGamma(0.25)),
    "Gamma(10), generalised": one_rule(GeneralisedGamma(10)),
    "Gamma(0.25), inputs >= 0": one_rule(Gamma(0.25), non_negative=True),
    "WSquare": one_rule(WSquare(), pools=WSquare()),
    "Flat": one_rule(Flat(), pools=Flat()),
    "ZBox first, ZPlus": first_rule("deep-taylor-box", Box(*BOUNDS), ZPlus()),
    "WSquare first, ZPlus": first_rule("deep-taylor-w2", WSquare(), ZPlus()),
    "EpsilonPlus": preset("epsilon-plus", peers.EpsilonPlus),
    "EpsilonPlusFlat": preset("epsilon-plus-flat", peers.EpsilonPlusFlat),
    "EpsilonAlpha2Beta1": preset("epsilon-alpha2-beta1", peers.EpsilonAlpha2Beta1),
    "EpsilonAlpha2Beta1Flat": preset("epsilon-alpha2-beta1-flat", peers.EpsilonAlpha2Beta1Flat),
    "EpsilonGammaBox": preset("epsilon-gamma-box", peers.EpsilonGammaBox, box=True),
    "ExcitationBackprop": preset("excitation-backprop", peers.ExcitationBackprop),
}


@pytest.mark.parametrize("name", PAIRS)
def test_input_relevance_of_random_networks_is_that_of_zennit(name: str, figure: Figure) -> None:
    pair = PAIRS[name]
    apart, explained = {}, 0
    for seed in SEEDS:
        drawn = draw(seed, pair.non_negative)
        if not pair.takes(drawn):
            continue
        logits, ours = drawn.explain(pair.ours)
        their_logits, theirs = relevance(drawn, pair.theirs())
        np.testing.assert_allclose(logits, their_logits, rtol=1e-12, atol=1e-13)
        apart[seed] = relative_difference(ours, theirs)
        figure.note(name, seed, apart[seed])
        explained += bool(theirs.any())
    assert explained >= 200
    too_far = {seed: f"{d:.1e}" for seed, d in apart.items() if not d <= LIMIT}
    assert not too_far, f"seed: relative difference = {too_far}"


def test_no_rule_that_zennit_has_is_missing_from_the_comparison() -> None:
    compared = {
        type(assigned.rule)
        for pair in PAIRS.values()
        for seed in SEEDS
        for assigned in draw(seed, pair.non_negative).folded.assign(pair.ours)
    }
    public = [getattr(lrp_audio.rules, name) for name in lrp_audio.rules.__all__]
    rules = {c for c in public if isinstance(c, type) and issubclass(c, Rule)}
    # zennit has none of these: there, relevance of gates and limits is that of the gradient.
    assert compared == rules - {Rule, LinearRule, Proportional, PassCopies, SignalTakesAll}


def test_draws_reach_every_layer_and_every_way_to_slide_a_window() -> None:
    layers = [node.layer for seed in SEEDS for node in draw(seed).network.nodes]
    public = {getattr(lrp_audio.layers, name) for name in lrp_audio.layers.__all__} - {Layer}
    assert {base for layer in layers for base in type(layer).__mro__} >= public - NOT_COMPARED
    convolutions = [layer for layer in layers if isinstance(layer, Convolution)]
    pools = [layer for layer in layers if isinstance(layer, Pooled)]
    for rank in (1, 2):
        mine = [c for c in convolutions if c.rank == rank]
        assert {c.groups for c in mine} >= {1, 2, 3}
        assert {c.bias is None for c in mine} == {True, False}
        assert {c.window.pad == "same" for c in mine} == {True, False}
        assert {max(c.window.stride) > 1 for c in mine} == {True, False}
        assert {max(c.window.dilation) > 1 for c in mine} == {True, False}
        for kind in ("max-pool", "average-pool"):
            windows = [p.window for p in pools if p.rank == rank and p.kind == kind]
            assert {w.ceil_mode for w in windows} == {True, False}
            assert {any(map(any, w.pad)) for w in windows} == {True, False}
            assert {w.stride < w.kernel for w in windows} == {True, False}
    norms = [node.name for s in SEEDS for node in draw(s).network.nodes if is_norm(node.layer)]
    assert len(norms) >= 100
    assert not any(is_norm(node.layer) for s in SEEDS for node in draw(s).folded.nodes)


def is_norm(layer: Layer) -> bool:
    return isinstance(layer, BatchNorm)


@pytest.mark.parametrize("kind", [MaxPool1D, MaxPool2D])
def test_ties_in_a_max_pool_have_the_same_winner_in_torch(
    kind: type[MaxPool1D | MaxPool2D],
) -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        kernel = tuple(rng.integers(1, 4, kind.rank))
        layer = kind(kernel, tuple(rng.integers(1, 3, kind.rank)), ceil_mode=rng.random() < 0.5)
        x = rng.integers(0, 2, (2, 3, *[7] * kind.rank)).astype(float)
        y = layer.forward(x)
        g = rng.normal(size=y.shape)
        signal = torch.tensor(x, requires_grad=True)
        (theirs,) = torch.autograd.grad(module(layer)(signal), signal, torch.tensor(g))
        np.testing.assert_allclose(layer.gradient(x, y, g), theirs.numpy(), rtol=1e-13, atol=1e-13)
