"""Where zennit 0.5.1 and captum 0.9.0 compute something else: the lines of docs/peers.md.

A test here fails when a peer changes, and then its line in docs/peers.md has to change too.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from installed import torch, zennit
from zennit import composites, types
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.rules import AlphaBeta, Epsilon, Gamma, WSquare, ZBox, ZPlus

from lrp_audio import layers, rules
from lrp_audio.errors import RuleError
from lrp_audio.layers import Layer
from lrp_audio.models.folding import fold_batch_norms
from lrp_audio.models.network import INPUT, Network, Node, chain

nn = torch.nn
Matrix = list[list[float]]
ONES = [[1.0, 1.0]]


def linear(weight: Matrix, bias: list[float] | None = None) -> Any:
    made = nn.Linear(len(weight[0]), len(weight), bias is not None, dtype=torch.double)
    made.weight = nn.Parameter(torch.tensor(weight, dtype=torch.double))
    if bias is not None:
        made.bias = nn.Parameter(torch.tensor(bias, dtype=torch.double))
    return made


def dense(weight: Matrix, bias: list[float] | None = None) -> layers.Dense:
    return layers.Dense(np.array(weight, float), None if bias is None else np.array(bias, float))


def theirs(module: Any, x: Matrix, relevance: Matrix, rule: Any) -> Any:
    """Input relevance in zennit under a composite, or under one rule for all linear layers."""
    if isinstance(rule, zennit.core.Hook):
        rule = composites.LayerMapComposite([((types.Linear,), rule)])
    signal = torch.tensor(x, dtype=torch.double, requires_grad=True)
    with rule.context(module) as hooked:
        start = torch.tensor(relevance, dtype=torch.double)
        return torch.autograd.grad(hooked(signal), signal, start)[0].numpy()


def ours(
    layer: Layer | Network, x: Matrix, relevance: Matrix, rule: rules.Rule | rules.Composite
) -> Any:
    """Input relevance here, of one layer or of a network."""
    network = layer if isinstance(layer, Network) else Network(chain([("only", layer)]), (2,))
    if isinstance(rule, rules.Rule):
        rule = rules.Composite(str(rule), {n.layer.kind: rule for n in network.nodes})
    return network.propagate(np.array(x), lambda _: np.array(relevance), rule).relevance[INPUT]


def near(expected: Sequence[object], tolerance: float = 1e-12) -> Any:
    return pytest.approx(np.array(expected, dtype=float), rel=tolerance, abs=tolerance)


# zennit


def test_zennit_stabilises_one_sided_rules_with_an_absolute_number() -> None:
    small = [[1e-7, 0.0]]
    assert theirs(nn.Sequential(linear(ONES)), small, [[1]], ZPlus()) == near([[1 / 11, 0]])
    assert ours(dense(ONES), small, [[1.0]], rules.ZPlus()) == near([[1, 0]])


def test_zennit_has_no_value_for_silence_under_lrp_0() -> None:
    silence = [[0.0, 0.0]]
    module = nn.Sequential(linear(ONES))
    assert np.isnan(theirs(module, silence, [[0.0]], Epsilon(epsilon=0.0))).all()
    scaled = Epsilon(epsilon=zennit.core.Stabilizer(0.1, norm_scale=True))
    assert np.isnan(theirs(module, silence, [[0.0]], scaled)).all()
    for rule in rules.LRP0(), rules.RelativeEpsilon(0.1):
        assert ours(dense(ONES), silence, [[0.0]], rule) == near([[0, 0]])


def test_zennit_compares_alpha_minus_beta_exactly() -> None:
    with pytest.raises(ValueError, match="must equal 1"):
        AlphaBeta(2.2, 1.2)
    assert rules.AlphaBeta(2.2, 1.2).alpha == 2.2


def test_zennit_gives_relevance_to_the_squared_bias_under_w_square() -> None:
    module = nn.Sequential(linear([[1, 2]], [2]))
    assert theirs(module, ONES, [[1]], WSquare()) == near([[1 / 9, 4 / 9]], 1e-5)
    unbiased = WSquare(zero_params=["bias"])
    assert theirs(module, ONES, [[1]], unbiased) == near([[1 / 5, 4 / 5]], 1e-5)
    mine = ours(dense([[1, 2]], [2]), ONES, [[1.0]], rules.WSquare())
    assert mine == near([[1 / 5, 4 / 5]])


def test_zennit_rounds_the_bounds_of_the_box_to_float32() -> None:
    module = nn.Sequential(linear([[1, -2]]))
    exact = [[0.1 / 1.5, 1.4 / 1.5]]
    plain = ZBox(-0.1, 0.7, stabilizer=1e-300)
    found = theirs(module, [[0.0, 0.0]], [[1]], plain)
    assert found == near(exact, 1e-7)
    assert found != near(exact, 1e-10)
    low, high = (torch.tensor(v, dtype=torch.double) for v in (-0.1, 0.7))
    double = ZBox(low, high, stabilizer=1e-300)
    assert theirs(module, [[0.0, 0.0]], [[1]], double) == near(exact)
    assert ours(dense([[1, -2]]), [[0.0, 0.0]], [[1.0]], rules.Box(-0.1, 0.7)) == near(exact)


def test_zennit_takes_an_input_outside_its_box() -> None:
    outside = [[5.0, 0.0]]
    assert np.isfinite(theirs(nn.Sequential(linear([[1, -2]])), outside, [[1]], ZBox(-1, 1))).all()
    with pytest.raises(RuleError, match="Widen the box"):
        ours(dense([[1.0, -2.0]]), outside, [[1.0]], rules.Box(-1, 1))


def test_zennit_gives_the_box_to_the_first_convolution_even_behind_a_dense_layer() -> None:
    convolution = nn.Conv1d(1, 1, 1, dtype=torch.double)
    module = nn.Sequential(linear(ONES), nn.Unflatten(1, (1, 1)), convolution)
    found = composites.EpsilonGammaBox(low=-1.0, high=1.0)
    context: dict[str, object] = {}
    chosen = [type(found.module_map(context, "", m)) for m in module]
    assert chosen == [Epsilon, type(None), ZBox]
    network = Network(chain([("dense", dense(ONES))]), (2,))
    box = rules.PRESETS["epsilon-gamma-box"]((-1, 1))
    assert [a.rule for a in network.assign(box)] == [rules.Box(-1, 1)]


def test_zennit_leaves_a_factor_behind_when_it_merges_a_batch_norm() -> None:
    norm = nn.BatchNorm1d(1, dtype=torch.double)
    module = nn.Sequential(linear([[1, 2]], [0.5]), norm).eval()
    x = torch.tensor([[1.0, 2.0]], dtype=torch.double)
    before = module(x).item()
    merged = SequentialMergeBatchNorm().apply(module)
    assert module(x).item() / before == pytest.approx((1 + norm.eps) ** -0.5, rel=1e-12)
    for instance in merged:
        instance.remove()
    one, zero = np.ones(1), np.zeros(1)
    here = chain([("a", dense([[1, 2]], [0.5])), ("b", layers.BatchNorm(one, zero, zero, one))])
    folded = fold_batch_norms(Network(here, (2,)))
    assert folded.forward(x.numpy()).item() == pytest.approx(before, rel=1e-14)


def test_zennit_cannot_merge_a_batch_norm_without_scale_and_shift() -> None:
    norm = nn.BatchNorm1d(1, affine=False, dtype=torch.double).eval()
    with pytest.raises(AttributeError):
        SequentialMergeBatchNorm().apply(nn.Sequential(linear(ONES), norm))


class ReLUAsFunction(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = linear([[-1]])
        self.norm = nn.BatchNorm1d(1, eps=0.0, dtype=torch.double)
        self.norm.bias = nn.Parameter(torch.full((1,), 3.0, dtype=torch.double))

    def forward(self, x: Any) -> Any:
        return self.norm(torch.relu(self.dense(x)))


def test_zennit_merges_a_batch_norm_through_an_activation_that_is_a_function() -> None:
    module = ReLUAsFunction().eval()
    x = torch.tensor([[1.0]], dtype=torch.double)
    before = module(x).item()
    SequentialMergeBatchNorm().apply(module)
    assert (before, module(x).item()) == (3, 2)


def test_zennit_passes_relevance_through_a_batch_norm_that_comes_first() -> None:
    norm = nn.BatchNorm1d(2, eps=0.0, dtype=torch.double).eval()
    norm.bias = nn.Parameter(torch.full((2,), 3.0, dtype=torch.double))
    module = nn.Sequential(norm, linear(ONES))
    peer = composites.EpsilonPlus(canonizers=[SequentialMergeBatchNorm()])
    assert theirs(module, [[1, 2]], [[9]], peer) == near([[4, 5]], 1e-5)
    one, zero = np.ones(2), np.zeros(2)
    here = chain([("a", layers.BatchNorm(one, 3 * one, zero, one, 0.0)), ("b", dense(ONES))])
    folded = fold_batch_norms(Network(here, (2,)))
    assert ours(folded, [[1.0, 2.0]], [[9.0]], rules.LRP0()) == near([[1, 2]])


def test_zennit_calls_the_generalised_gamma_gamma() -> None:
    module = nn.Sequential(linear([[1, -2]]))
    found = theirs(module, ONES, [[1]], Gamma(0.25, stabilizer=1e-300))
    assert found == near([[-2 / 3, 5 / 3]])
    here = dense([[1.0, -2.0]])
    assert ours(here, ONES, [[1.0]], rules.GeneralisedGamma(0.25)) == near(found)
    assert ours(here, ONES, [[1.0]], rules.Gamma(0.25)) == near([[-5 / 3, 8 / 3]])


def test_zennit_drops_relevance_under_gamma_where_the_output_is_exactly_zero() -> None:
    module = nn.Sequential(linear([[1, -1]]))
    assert theirs(module, ONES, [[1]], Gamma(0.25)) == near([[0, 0]])
    here = dense([[1.0, -1.0]])
    assert ours(here, ONES, [[1.0]], rules.GeneralisedGamma(0.25)) == near([[5, -4]])


def test_zennit_multiplies_with_the_derivative_of_activations_that_it_does_not_know() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = linear(ONES), linear([[1]])

        def forward(self, x: Any) -> Any:
            return self.second(torch.tanh(self.first(x)))

    slope = 1 - np.tanh(1) ** 2
    half = [[0.5, 0.5]]
    module = nn.Sequential(linear(ONES), nn.Tanh(), linear([[1]]))
    excitation = composites.ExcitationBackprop()
    assert theirs(module, half, [[1]], excitation) == near([[slope / 2] * 2], 1e-5)
    assert theirs(Functional(), half, [[1]], composites.EpsilonPlus()) == near(
        [[slope / 2] * 2], 1e-5
    )
    assert not issubclass(nn.Mish, types.Activation)
    here = chain([("a", dense(ONES)), ("tanh", layers.Tanh()), ("b", dense([[1.0]]))])
    preset = rules.PRESETS["excitation-backprop"]((-1, 1))
    assert ours(Network(here, (2,)), half, [[1.0]], preset) == near([[0.5, 0.5]])


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch = linear([[1]])

    def forward(self, x: Any) -> Any:
        return x + self.branch(x)


def test_zennit_doubles_relevance_at_a_plus_sign() -> None:
    assert theirs(Residual(), [[1]], [[2]], composites.EpsilonPlus()) == near([[4]], 1e-5)
    nodes = [
        Node("branch", dense([[1.0]]), (INPUT,)),
        Node("sum", layers.Sum(2), (INPUT, "branch")),
    ]
    preset = rules.PRESETS["lrp-0"]((-1, 1))
    assert ours(Network(nodes, (1,)), [[1.0]], [[2.0]], preset) == near([[2]], 1e-5)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = linear([[1, 2], [3, 1]])

    def forward(self, x: Any) -> Any:
        return self.layer(self.layer(x))


def test_zennit_confuses_the_inputs_of_a_module_that_is_called_twice() -> None:
    x = [[1.0, 2.0]]
    unrolled = nn.Sequential(linear([[1, 2], [3, 1]]), linear([[1, 2], [3, 1]]))
    rule = Epsilon(epsilon=1e-300)
    right = theirs(unrolled, x, ONES, rule)
    assert theirs(Twice(), x, ONES, rule) != near(right, 0.1)
    shared = dense([[1.0, 2.0], [3.0, 1.0]])
    network = Network(chain([("a", shared), ("b", shared)]), (2,))
    assert ours(network, x, ONES, rules.LRP0()) == near(right)


def test_zennit_has_a_z_plus_without_parameters_that_clamps_nothing() -> None:
    rule = composites.LayerMapComposite([((types.AvgPool,), ZPlus())])
    found = theirs(nn.AvgPool1d(2), [[[3.0, -1.0]]], [[[1.0]]], rule)
    assert found == near([[[1.5, -0.5]]], 1e-5)
    network = Network(chain([("pool", layers.AveragePool1D((2,)))]), (1, 2))
    assert ours(network, [[[3.0, -1.0]]], [[[1.0]]], rules.ZPlus()) == near([[[1, 0]]])


# captum

captum_rules = None
try:
    from captum.attr import LRP
    from captum.attr._utils import lrp_rules as captum_rules
except ImportError:
    LRP = None

needs_captum = pytest.mark.skipif(LRP is None, reason="captum is not installed")
quiet = pytest.mark.filterwarnings("ignore:Input Tensor:UserWarning")


def captums(module: Any, x: Matrix, rule: Any = None) -> Any:
    """Input relevance of the first output in captum, with `rule` at the first layer."""
    if rule is not None:
        next(module.children()).rule = rule
    found = LRP(module).attribute(torch.tensor(x, dtype=torch.double), target=0)
    return found.detach().numpy()


@needs_captum
@quiet
def test_captum_leaves_a_negative_bias_in_the_z_plus_denominator() -> None:
    module = nn.Sequential(linear([[1, -1]], [-1]))
    found = captums(module, ONES, captum_rules.Alpha1_Beta0_Rule())
    assert found == near([[-1e9, 0]], 1e-6)
    assert ours(dense([[1, -1]], [-1]), ONES, [[-1.0]], rules.ZPlus()) == near([[-1, 0]])


@needs_captum
@quiet
def test_captum_clamps_only_the_weight_for_signed_inputs() -> None:
    x = [[2.0, -3.0]]
    found = captums(nn.Sequential(linear([[1, -1]])), x, captum_rules.Alpha1_Beta0_Rule())
    assert found == near([[5, 0]], 1e-6)
    assert ours(dense([[1.0, -1.0]]), x, [[5.0]], rules.ZPlus()) == near([[2, 3]])
    found = captums(nn.Sequential(linear(ONES)), x, captum_rules.GammaRule(1.0))
    assert found == near([[2, -3]], 1e-6)
    assert ours(dense(ONES), x, [[-1.0]], rules.GeneralisedGamma(1)) == near([[0.5, -1.5]])


@needs_captum
@quiet
def test_captum_leaves_the_bias_alone_under_gamma() -> None:
    found = captums(nn.Sequential(linear(ONES, [1])), ONES, captum_rules.GammaRule(1.0))
    assert found == near([[1.2, 1.2]], 1e-6)
    assert ours(dense(ONES, [1]), ONES, [[3.0]], rules.Gamma(1)) == near([[1, 1]])


@needs_captum
@quiet
def test_captum_forgets_the_rules_after_the_first_call() -> None:
    module = nn.Sequential(linear([[1, -1, 2]]))
    module[0].rule = captum_rules.Alpha1_Beta0_Rule()
    lrp, x = LRP(module), torch.ones(1, 3, dtype=torch.double)
    first, second = (lrp.attribute(x, target=0).detach().numpy() for _ in range(2))
    assert first == near([[2 / 3, 0, 4 / 3]], 1e-6)
    assert second == near([[1, -1, 2]], 1e-6)


@needs_captum
@quiet
@pytest.mark.parametrize(
    "module",
    [
        nn.Conv1d(1, 1, 1),
        nn.AvgPool1d(1),
        nn.BatchNorm1d(2),
        nn.Flatten(),
        nn.LeakyReLU(),
        nn.ELU(),
        nn.GELU(),
        nn.Sigmoid(),
    ],
    ids=lambda m: type(m).__name__,
)
def test_captum_has_no_rule_of_its_own_for_a_layer(module: Any) -> None:
    with pytest.raises(TypeError, match="no rule defined"):
        captums(nn.Sequential(module), ONES)


@needs_captum
@quiet
def test_captum_multiplies_with_the_logit_although_its_documentation_says_otherwise() -> None:
    found = captums(nn.Sequential(linear([[1, 2]])), [[1.0, 2.0]])
    assert found.sum() == pytest.approx(5, rel=1e-6)
    assert "sum(relevance)=1" in LRP.attribute.__doc__


@needs_captum
@quiet
def test_captum_doubles_relevance_at_a_plus_sign_and_refuses_a_module_called_twice() -> None:
    assert captums(Residual(), [[1.0]]) == near([[4]], 1e-6)
    with pytest.raises(RuntimeError, match="more than once"):
        captums(Twice(), [[1.0, 2.0]])
