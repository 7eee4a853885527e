"""Signatures of the reference as a reader would write them: `Array`, not NumPy's own spelling."""

import re

from sphinx.application import Sphinx

_ARRAY = re.compile(r"ndarray\[tuple\[Any, ?\.\.\.\], ?dtype\[([^][]*)\]\]")
_FLOATS = re.compile(r"ndarray\[tuple\[Any, ?\.\.\.\], ?dtype\[floating\[Any\]\]\]")


def _shorter(app: Sphinx, *of: object) -> tuple[str | None, str | None]:
    signature, returned = of[-2:]
    return _short(signature), _short(returned)


def _short(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return _ARRAY.sub("Array", _FLOATS.sub("Array", text)).replace("numpy.", "")


def setup(app: Sphinx) -> dict[str, bool]:
    """Shorten each signature that autodoc writes."""
    app.connect("autodoc-process-signature", _shorter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
