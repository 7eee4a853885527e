"""The documentation site: ``python -m sphinx -W docs OUT``, without a connection to anywhere."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import lrp_audio  # noqa: E402

project = "lrp-audio"
author = "the authors of lrp-audio"
release = version = lrp_audio.__version__
html_title = "lrp-audio"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_design",
    "mathml",
    "pages",
    "pictures",
    "public",
    "signatures",
]
# `slides/` is built by a builder of its own, see `_build_slides`.
exclude_patterns = ["slides", "extensions", "static"]
html_static_path = ["static", "images"]
html_favicon = "static/icon.svg"
html_css_files = ["site.css"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath", "html_image"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

# In docstrings, `name` is the name of something in Python; one without a page stays plain code.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True

# For ``python -m sphinx -b linkcheck docs OUT``, which needs a connection. No link is left out.
linkcheck_timeout = 60  # seconds; GitHub makes an archive when it is asked for one
linkcheck_retries = 3
linkcheck_rate_limit_timeout = 60  # seconds to wait for a server that is asked too often

html_theme = "pydata_sphinx_theme"
html_copy_source = html_show_sourcelink = False
html_context = {"default_mode": "auto"}
# Wide figures and tables take the place of the sidebar.
_WIDE = ("gallery", "rules", "attributions", "model-toml", "peers", "ledger", "speed")
html_sidebars = {page: [] for page in ("index", "start", *_WIDE)}
html_theme_options = {
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = "the authors of lrp-audio, MIT licence"


def _label_by_text(app: Sphinx, page: str, template: str, context: dict[str, Any], *_: Any) -> None:
    """Let folded code be announced by its visible words, not by a label that differs from them."""
    if "body" in context:
        context["body"] = context["body"].replace(' aria-label="Toggle hidden content"', "")


def _build_slides(app: Sphinx, exception: Exception | None) -> None:
    """Build the slides beside the pages, in a process of their own."""
    if exception is None and app.builder.format == "html":
        out = Path(app.outdir) / "slides"
        options = ["-q", *(["-W"] if app.warningiserror else []), "-b", "revealjs"]
        subprocess.run(
            [sys.executable, "-m", "sphinx", *options, str(HERE / "slides"), str(out)], check=True
        )
        # Where MyST-NB puts the figures of the slides before they are copied to them.
        shutil.rmtree(Path(app.outdir) / "jupyter_execute", ignore_errors=True)


def setup(app: Sphinx) -> None:
    """Have pages changed before they are written, and the slides built after them."""
    app.connect("html-page-context", _label_by_text)
    app.connect("build-finished", _build_slides)
