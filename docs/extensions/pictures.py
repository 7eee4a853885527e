"""The directives ``{rooms}`` and ``{way}``: the pictures of `architecture` in a page."""

from architecture import ROOT, rooms_svg, way_svg
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Rooms(SphinxDirective):
    """The picture of the rooms."""

    def run(self) -> list[nodes.Node]:
        """One node of HTML."""
        for file in ("pyproject.toml", "CONTRIBUTING.md"):
            self.env.note_dependency(str(ROOT / file))
        return [nodes.raw("", rooms_svg(), format="html")]


class Way(SphinxDirective):
    """The picture of a clip's way."""

    def run(self) -> list[nodes.Node]:
        """One node of HTML."""
        return [nodes.raw("", way_svg(), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("rooms", Rooms)
    app.add_directive("way", Way)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
