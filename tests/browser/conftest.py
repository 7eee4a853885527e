"""A real browser for the tests of what is read in one: Chromium, headless, driven by playwright.

Needed are the extra ``browser``, a Chromium of the system (or the one that LRP_AUDIO_BROWSER names)
and, for the accessibility checker, ``npm ci`` in this folder (or where LRP_AUDIO_NODE_MODULES
says). What lacks is a reason to skip;
with LRP_AUDIO_REQUIRE_BROWSER=1, to fail.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numba
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# With kernels as plain Python, explaining what a page shows takes minutes.
collect_ignore_glob = ["test_*.py"] if numba.config.DISABLE_JIT else []

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MODULES = Path(os.environ.get("LRP_AUDIO_NODE_MODULES", Path(__file__).parent / "node_modules"))
_AXE = _MODULES / "axe-core" / "axe.min.js"
# What a page may load: itself from the disk or from a server of the test, and what it made itself.
_OWN = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:", "http://localhost:")
_GRAVE = ("serious", "critical")


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium for all tests, with a profile of its own that is thrown away."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _lacking("playwright (pip install -e '.[browser]')")
    path = os.environ.get("LRP_AUDIO_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), "")
    if not path:
        _lacking("a Chromium (on Debian: apt-get install chromium)")
    # Chromium's sandbox does not work for root, as whom a container runs tests.
    flags = [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """Errors on the console of `page`, requests to elsewhere; a test clears what it expects."""
    return []


@pytest.fixture
def page(browser: "Browser", complaints: list[str]) -> Iterator["Page"]:
    """An empty page without any history; at the end nothing may have been complained about."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(10_000)

    def hear(message: Any) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text}")

    def see(request: Any) -> None:
        if not request.url.startswith(_OWN):
            complaints.append(f"request: {request.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", see)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def grave_faults() -> Callable[["Page"], list[str]]:
    """What axe-core calls a serious or critical fault of accessibility in a page, a line each."""
    if not _AXE.is_file():
        _lacking("axe-core (npm ci in tests/browser)")
    source = _AXE.read_text(encoding="utf-8")

    def check(page: "Page") -> list[str]:
        # As a function: text to be evaluated would fall under the page's Content-Security-Policy.
        page.evaluate(f"() => {{ {source} }}")
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{fault['impact']}: {fault['help']}: {node['html'][:200]}"
            for fault in found["violations"]
            if fault["impact"] in _GRAVE
            for node in fault["nodes"]
        ]

    return check


def _lacking(what: str) -> NoReturn:
    required = os.environ.get("LRP_AUDIO_REQUIRE_BROWSER") == "1"
    (pytest.fail if required else pytest.skip)(f"needs {what}")
