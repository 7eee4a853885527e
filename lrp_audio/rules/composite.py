"""A composite: which layer gets which rule, by name, by position, by kind of layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lrp_audio.arguments import described
from lrp_audio.errors import RuleError
from lrp_audio.rules.base import Rule


class TakesRules(Protocol):
    """What a composite needs of a layer."""

    @property
    def kind(self) -> str:
        """What composites call layers of this sort, such as ``convolution``."""

    @property
    def default_rule(self) -> Rule | None:
        """The rule of a layer that no composite names; None for dense and convolution layers."""

    def accepts(self, rule: Rule) -> bool:
        """Whether the layer can take `rule`."""


@dataclass(frozen=True)
class Assignment:
    """A layer's name, its rule, and why the composite gives it that one."""

    layer: str
    rule: Rule
    why: str


def as_composite(rules: object) -> "Composite":
    """`rules` itself if it is a composite; otherwise raises `RuleError`."""
    if isinstance(rules, Composite):
        return rules
    if isinstance(rules, Rule):
        raise RuleError(
            f"{rules} is a rule, where a composite is meant, which gives each kind of layer one: "
            "Composite('mine', {'convolution': rule, 'dense': rule})."
        )
    raise RuleError(f"{described(rules)} is no composite: give one, such as PRESETS holds.")


@dataclass(frozen=True)
class Composite:
    """Rules by layer name, for the first and last weighted layer, and by kind, in this precedence.

    Weighted layers are those without a default rule: dense and convolution. A layer that nothing
    names keeps its default rule (activations pass, max-pooling is winner-takes-all, sums and
    averages take epsilon); one without any raises `RuleError`.
    """

    name: str
    kinds: Mapping[str, Rule] = field(default_factory=dict)
    first: Rule | None = None
    last: Rule | None = None
    names: Mapping[str, Rule] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def assign(self, layers: Sequence[tuple[str, TakesRules]]) -> list[Assignment]:
        """The rule of each of `layers`, given as ``(name, layer)`` from input to output."""
        known = [name for name, _ in layers]
        for name in self.names:
            if name not in known:
                raise RuleError(
                    f"The composite {self.name} names a layer {name!r} that the model does not "
                    f"have; its layers are {', '.join(known)}."
                )
        weighted = [name for name, layer in layers if layer.default_rule is None]
        return [self._assign_one(name, layer, weighted) for name, layer in layers]

    def _assign_one(self, name: str, layer: TakesRules, weighted: list[str]) -> Assignment:
        if name in self.names:
            rule, why = self.names[name], "by name"
        elif self.first is not None and name in weighted[:1]:
            rule, why = self.first, "first weighted layer"
        elif self.last is not None and name in weighted[-1:]:
            rule, why = self.last, "last weighted layer"
        elif layer.kind in self.kinds:
            rule, why = self.kinds[layer.kind], f"kind {layer.kind}"
        elif layer.default_rule is not None:
            rule, why = layer.default_rule, "default"
        else:
            raise RuleError(
                f"The composite {self.name} has no rule for layer {name} of kind {layer.kind}; it "
                f"has rules for {', '.join(self.kinds) or 'no kind'}."
            )
        if not layer.accepts(rule):
            raise RuleError(
                f"Layer {name} of kind {layer.kind} cannot take the rule {rule} that the "
                f"composite {self.name} gives it ({why})."
            )
        return Assignment(name, rule, why)
