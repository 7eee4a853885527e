"""The slides: ``python -m sphinx -W -b revealjs docs/slides OUT``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "extensions"))

project = "lrp-audio"
copyright = "the authors of lrp-audio, MIT licence"
language = "en"

extensions = ["myst_nb", "sphinx_revealjs", "mathml"]

myst_enable_extensions = ["dollarmath", "attrs_block"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_remove_code_source = True
nb_mime_priority_overrides = [
    ("revealjs", "text/html", 0),
    ("revealjs", "image/png", 10),
    ("revealjs", "text/plain", 20),
]

html_favicon = "../static/icon.svg"
revealjs_static_path = ["static"]
revealjs_css_files = ["slides.css"]
revealjs_style_theme = "white"
revealjs_script_conf = {"hash": True, "slideNumber": "c/t", "width": 1200, "height": 720}
