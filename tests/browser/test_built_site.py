"""The site in a real browser, on a desk and on a phone: nothing from elsewhere, nothing cut off.

It is not built here: LRP_AUDIO_SITE names the folder that ``python -m sphinx docs OUT`` made.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# One of each kind of page.
KINDS = (
    "index.html",
    "start.html",
    "tutorials/1-two-neurons.html",
    "tutorials/4-hypothesis.html",
    "gallery.html",
    "command-line.html",
    "ledger.html",
    "speed.html",
    "architecture.html",
    "reference/rules.html",
    "reference/commands.html",
    "rules.html",
    "results/README.html",
    "lesson.html",
    "search.html",
)


@pytest.fixture(scope="module")
def site() -> Path:
    named = os.environ.get("LRP_AUDIO_SITE")
    if not named or not Path(named, "index.html").is_file():
        required = os.environ.get("LRP_AUDIO_REQUIRE_BROWSER") == "1"
        (pytest.fail if required else pytest.skip)("needs the site built, in LRP_AUDIO_SITE")
    return Path(named)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *anything: Any) -> None:
        pass


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Loaded(HTMLParser):
    """What a page loads by itself: scripts, styles, pictures, sounds, frames."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag in ("script", "img", "audio", "source", "iframe", "video", "embed"):
            self.found.append(named.get("src") or "")
        if tag == "link" and (named.get("rel") or "") in ("stylesheet", "preload", "icon"):
            self.found.append(named.get("href") or "")


def test_every_page_loads_only_what_the_site_has(site: Path) -> None:
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]  # not templates
    assert len(pages) > 40
    seen = 0
    for page in pages:
        parser = _Loaded()
        parser.feed(page.read_text(encoding="utf-8"))
        foreign = [address for address in parser.found if "//" in address.partition("?")[0][:8]]
        assert foreign == [], page
        own = [unquote(address.partition("?")[0]) for address in parser.found]
        files = [page.parent / address for address in own if not address.startswith("data:")]
        assert [file for file in files if not file.exists()] == []
        seen += len(parser.found)
    assert seen > len(pages)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_no_grave_fault_and_fits_a_desk_and_a_phone(
    kind: str, page: "Page", served: str, grave_faults: Callable[["Page"], list[str]]
) -> None:
    page.set_default_timeout(60_000)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(f"{served}/{kind}")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{over} pixels too wide at {size['width']}"
        assert grave_faults(page) == []


def test_every_sound_and_picture_of_a_tutorial_can_be_played_and_seen(
    page: "Page", served: str
) -> None:
    page.set_default_timeout(60_000)
    page.goto(f"{served}/tutorials/4-hypothesis.html")
    sounds = page.evaluate(
        """() => Promise.all([...document.querySelectorAll('audio')].map(audio =>
          new Promise(done => {
            if (audio.readyState > 0) done(audio.duration);
            audio.onloadedmetadata = () => done(audio.duration);
            audio.load();
          })))"""
    )
    assert len(sounds) == 4
    assert all(0.2 < seconds <= 1.5 for seconds in sounds)
    pictures = page.evaluate(
        """() => [...document.querySelectorAll('.cell_output img')].map(
             image => [image.alt, image.complete ? image.naturalWidth : 1])"""
    )
    assert len(pictures) == 3
    assert all(alt and not alt.endswith(".png") and width for alt, width in pictures)


def test_the_slides_show_formulas_and_figures(page: "Page", served: str) -> None:
    page.set_default_timeout(60_000)
    page.set_viewport_size({"width": 1200, "height": 720})
    page.goto(f"{served}/slides/index.html")
    page.wait_for_function("() => window.Reveal && Reveal.isReady()")
    assert page.evaluate("Reveal.getTotalSlides()") >= 12
    assert page.locator("section math").count() >= 3
    tall = page.evaluate(
        """() => [...document.querySelectorAll('.slides section')].filter(
             section => section.scrollHeight > 720).map(section => section.textContent.trim())"""
    )
    assert tall == []
