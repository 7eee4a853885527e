"""``.. public:: MODULE`` documents the public classes and functions of a module, by its `__all__`.

A table of them with the first sentence of each comes first. ``:members:`` names the classes whose
methods are listed too; of any other class only its own docstring is shown.
"""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Public(SphinxDirective):
    """The directive; it writes the directives of autodoc and autosummary."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {"members": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Nodes of the table and of every name."""
        module = self.arguments[0]
        found = import_module(module)
        names = [name for name in found.__all__ if callable(getattr(found, name))]
        wanted = self.options.get("members", "").split()
        lines = [".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   {module}.{name}" for name in names] + [""]
        for name in names:
            lines += _entry(module, name, getattr(found, name), wanted)
        holder = nodes.Element()
        self.state.nested_parse(StringList(lines, source=module), self.content_offset, holder)
        return holder.children


def _entry(module: str, name: str, value: object, wanted: list[str]) -> list[str]:
    kind = "class" if inspect.isclass(value) else "function"
    options = ["   :members:"] if name in wanted else []
    return [f".. auto{kind}:: {module}.{name}", *options, ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("public", Public)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
