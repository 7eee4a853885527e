"""What the site shows is so: the pictures of the architecture, the gallery, where links lead."""

import re
import sys
from html import escape
from pathlib import Path
from types import FrameType

import pytest
from documents import DOCUMENTS, ROOT

import lrp_audio
from lrp_audio.report.catalogue import all_rules
from lrp_audio.rules import PRESETS

DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "extensions"))

import architecture  # noqa: E402
import pages  # noqa: E402


def test_the_picture_of_the_rooms_shows_and_describes_all_that_may_be_imported() -> None:
    package = ROOT / "lrp_audio"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    rooms |= {path.stem for path in package.glob("*.py")} - {"__init__"}
    drawn = re.findall(
        r"<g><title>(.*?): (.*?)</title>.*?>([^<]*)</text>", architecture.rooms_svg()
    )
    assert {name for name, _, _ in drawn} == rooms
    for name, text, shown in drawn:
        assert shown == name
        assert text, f"CONTRIBUTING.md does not describe {name}"


def test_the_picture_of_the_rooms_has_importing_rooms_above_imported_ones() -> None:
    heights = {
        name: float(y)
        for name, y in re.findall(r"<title>(\w+):.*?y=\"([\d.]+)\"", architecture.rooms_svg())
    }
    imports = re.compile(r"^from lrp_audio\.(\w+)", re.MULTILINE)
    compared = 0
    for path in (ROOT / "lrp_audio").rglob("*.py"):
        room = path.relative_to(ROOT / "lrp_audio").parts[0].removesuffix(".py")
        for imported in imports.findall(path.read_text(encoding="utf-8")):
            if imported != room and room != "__init__":
                assert heights[room] < heights[imported], f"{path} imports {imported}"
                compared += 1
    assert compared > 100


def test_a_clip_goes_the_way_that_is_drawn(tmp_path: Path) -> None:
    stops = [(stop.module, stop.function) for stop in architecture.WAY]
    called: list[tuple[str, str]] = []

    def follow(frame: FrameType, event: str, _: object) -> None:
        at = (frame.f_globals.get("__name__", ""), frame.f_code.co_qualname)
        if event == "call" and at in stops and at not in called:
            called.append(at)

    model = lrp_audio.load("audionet-digit")
    before = sys.getprofile()
    sys.setprofile(follow)
    try:
        model.explain(lrp_audio.example("4_male")).save(tmp_path)
    finally:
        sys.setprofile(before)
    assert called == stops


def test_every_stop_of_the_way_is_written_in_its_picture() -> None:
    svg = architecture.way_svg()
    for stop in architecture.WAY:
        for text in (stop.title, stop.text, stop.function):
            assert escape(text) in svg


def test_the_gallery_has_a_section_for_every_composite_and_names_every_rule() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert set(PRESETS) <= set(re.findall(r"^### (\S+)$", text, re.MULTILINE))
    absent = {"pass", "pass-copies", "signal-takes-all", "winner-takes-all"}
    short = {"w^2": "w²", "generalised-gamma": "generalised gamma"}
    for rule in all_rules():
        if rule.name not in absent:
            assert short.get(rule.name, rule.name) in text


@pytest.mark.parametrize("page", pages.OUTSIDE)
def test_a_page_made_of_a_file_elsewhere_exists_beside_it(page: str) -> None:
    assert (ROOT / pages.OUTSIDE[page]).is_file()
    assert (DOCS / f"{page}.md").is_file()


def test_links_lead_to_the_text_of_a_page_without_the_site_too() -> None:
    """A page made of a file elsewhere is empty where no site is built."""
    empty = {(DOCS / f"{page}.md").resolve() for page in pages.OUTSIDE}
    for document in DOCUMENTS:
        links = re.findall(r"\]\(([^)#\s:]+)", document.read_text(encoding="utf-8"))
        assert not empty & {(document.parent / link).resolve() for link in links}, document


@pytest.mark.parametrize(
    ("link", "file", "page", "expected"),
    [
        ("docs/rules.md", "CONTRIBUTING.md", "contributing", "rules.md"),
        ("../CONTRIBUTING.md", "docs/start.md", "start", "contributing.md"),
        ("../docs/listening.md", "weights/README.md", "networks", "listening.md"),
        (
            "../benchmarks/results/latest.md",
            "docs/speed.md",
            "speed",
            "results/speed-against-zennit.md",
        ),
        ("LICENSE", "CONTRIBUTING.md", "contributing", "../LICENSE"),
        ("sanity.md", "docs/results/README.md", "results/README", "sanity.md"),
    ],
)
def test_a_link_leads_to_the_same_place_from_the_page_of_the_site(
    link: str, file: str, page: str, expected: str
) -> None:
    text = f"see [it]({link}), and [there]({link}#part) but [not](https://example.org/{link})"
    found = pages.linked(text, ROOT / file, DOCS / f"{page}.md")
    assert found == text.replace(f"({link}", f"({expected}")
