"""The exercises in which a rule is written from its formula."""

import numpy as np

from lrp_audio.rules import Epsilon, ZPlus
from lrp_audio.teach.case import Case, Numbers
from lrp_audio.teach.exercise import RuleExercise
from lrp_audio.teach.hints import Fault

_EPSILON = 0.1


def _plus(values: Numbers) -> Numbers:
    return np.maximum(values, 0)


def _shared(parts: Numbers, z: Numbers, case: Case, guarded: bool = True) -> Numbers:
    """The relevance in proportion to `parts` of `z`; where `guarded`, none where z is 0."""
    with np.errstate(all="ignore"):
        s = np.where(z == 0, 0, case.relevance / z) if guarded else case.relevance / z
        return s @ parts


def _of_weights(case: Case, guarded: bool) -> Numbers:
    """z+ of the positive weights, with inputs of any sign."""
    parts = _plus(case.weight) * case.x
    return _shared(parts, parts.sum(axis=1) + _plus(case.bias), case, guarded)


def _excitation(case: Case, bias: Numbers, guarded: bool = True) -> Numbers:
    parts = _plus(case.contributions)
    return _shared(parts, parts.sum(axis=1) + bias, case, guarded)


def _stabilised(z: Numbers) -> Numbers:
    return z + _EPSILON * np.where(z >= 0, 1, -1)


_NO_BIAS = "The bias is missing from the denominator."
_BIAS_SIGN = "The bias has the wrong sign in the denominator."
_NO_X = "c = weight.T @ s is still to be multiplied by x."
_NO_STABILISER = "The stabiliser is missing: divide by z + epsilon sign(z), not by z."
_CONTRIBUTIONS = (
    "Take the positive part of the contributions x_j w_jk, not of the weights: a negative input "
    "times a negative weight is a positive contribution."
)
_DROPPED = (
    "A denominator can be 0: the neuron then has nothing to share its relevance by, and it is "
    "dropped."
)

_Z_PLUS = (
    Fault(_NO_BIAS, lambda c: _excitation(c, np.zeros_like(c.bias))),
    Fault(f"{_NO_BIAS} {_DROPPED}", lambda c: _excitation(c, np.zeros_like(c.bias), False)),
    Fault(_DROPPED, lambda c: _excitation(c, _plus(c.bias), False)),
    Fault(
        "A negative bias is no positive contribution: only b+ belongs to the denominator.",
        lambda c: _excitation(c, c.bias),
    ),
    Fault(_BIAS_SIGN, lambda c: _excitation(c, -_plus(c.bias))),
    Fault(_CONTRIBUTIONS, lambda c: _of_weights(c, guarded=True)),
    Fault(_CONTRIBUTIONS, lambda c: _of_weights(c, guarded=False)),
    Fault(
        "These are the shares of the negative contributions.",
        lambda c: _shared(
            np.minimum(c.contributions, 0),
            np.minimum(c.contributions, 0).sum(axis=1) + np.minimum(c.bias, 0),
            c,
        ),
    ),
    Fault(
        "Negative contributions get a share as well.", lambda c: _shared(c.contributions, c.z, c)
    ),
)

_EPSILONS = (
    Fault(_NO_BIAS, lambda c: _shared(c.contributions, _stabilised(c.z - c.bias), c)),
    Fault(_BIAS_SIGN, lambda c: _shared(c.contributions, _stabilised(c.z - 2 * c.bias), c)),
    Fault(_NO_STABILISER, lambda c: _shared(c.contributions, c.z, c)),
    Fault(_NO_STABILISER, lambda c: _shared(c.contributions, c.z, c, guarded=False)),
    Fault(
        "The sign of 0 is +1 here, but np.sign(0) is 0, and the denominator then too.",
        lambda c: _shared(c.contributions, c.z + _EPSILON * np.sign(c.z), c, False),
    ),
    Fault(
        "Epsilon has the sign of z: added to a negative z, it brings it nearer to 0.",
        lambda c: _shared(c.contributions, c.z + _EPSILON, c, False),
    ),
    Fault(
        "The denominator has lost the sign of z.",
        lambda c: _shared(c.contributions, np.abs(c.z) + _EPSILON, c),
    ),
    Fault(_NO_X, lambda c: _shared(c.weight, _stabilised(c.z), c)),
)

WRITING = (
    RuleExercise(
        "z-plus",
        "Write the z+ rule, for inputs of either sign:\n\n"
        "    R_j = sum_k (x_j w_jk)+ / z_k+ R_k    with    z_k+ = sum_j (x_j w_jk)+ + b_k+\n\n"
        "as a function my_rule(x, weight, bias, relevance) that returns R_j. Where z_k+ is 0, the\n"
        "relevance of neuron k is dropped. x is (inputs,), weight (outputs, inputs), bias and\n"
        "relevance (outputs,); a+ is max(a, 0).",
        ZPlus(),
        faults=_Z_PLUS,
    ),
    RuleExercise(
        "epsilon",
        "Write the epsilon rule with epsilon = 0.1:\n\n"
        "    R_j = x_j sum_k w_jk R_k / (z_k + epsilon sign(z_k))    with    sign(0) = +1\n\n"
        "as a function my_rule(x, weight, bias, relevance) that returns R_j, with\n"
        "z = weight @ x + bias.",
        Epsilon(_EPSILON),
        faults=_EPSILONS,
    ),
)
"""The exercises, the easier one first."""
