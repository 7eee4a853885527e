"""The report in a real browser: played, searched, switched, by hand and by keyboard."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

import lrp_audio
from lrp_audio.audio.clip import clip_from_samples
from lrp_audio.audio.domain import Frequency, Time
from lrp_audio.explanation import Explanation
from lrp_audio.fronts import WAVEFORM
from lrp_audio.outputs import Output
from lrp_audio.report.page import save_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Milliseconds: Chromium drops, in silence, a page's eleventh download within a second.
_BETWEEN_DOWNLOADS = 150
Faults = Callable[["Page"], list[str]]
BAD = """"><img src=x onerror=alert(1)><script>throw 1<\\script> <!-- Füße & 'ß' {{ 7 * 7 }}.wav"""
BAD_CLASS = """</script><script>throw 2</script><b title='"'>Ü"""


@pytest.fixture(scope="session")
def waveform() -> list[Explanation]:
    """A clip for its class and another, under two composites each."""
    model = lrp_audio.load("audionet-digit")
    clip = lrp_audio.example("7_female")
    return [
        model.explain(clip, target, rules)
        for target in ("seven", "one")
        for rules in ("epsilon-plus", "epsilon")
    ]


@pytest.fixture(scope="session")
def spectrogram() -> Explanation:
    return lrp_audio.load("alexnet-digit").explain(lrp_audio.example("3_male"))


@pytest.fixture(scope="session")
def report(
    tmp_path_factory: pytest.TempPathFactory, waveform: list[Explanation], spectrogram: Explanation
) -> Path:
    return save_page(tmp_path_factory.mktemp("report") / "report.html", [waveform, [spectrogram]])


def opened(page: Page, path: Path) -> Page:
    page.goto(path.as_uri())
    shown(page)
    return page


def shown(page: Page, clip: int = 1) -> str:
    """Class, domain and rules of the view that a clip has drawn."""
    page.locator(f"#clip-{clip}[data-shown]").wait_for()
    return str(page.locator(f"#clip-{clip}").get_attribute("data-shown"))


def choose(page: Page, key: str, value: str) -> None:
    page.locator(f"#clip-1 select[data-choice={key}]").select_option(value)
    page.locator(f"#clip-1[data-shown*='{value}']").wait_for()


def position(page: Page) -> float:
    return float(page.locator("#clip-1 .position").input_value())


def times(page: Page) -> list[float]:
    found = page.evaluate("[...document.querySelectorAll('#clip-1 audio')].map(a => a.currentTime)")
    return [float(time) for time in found]


def pixels(page: Page, selector: str = "#clip-1 canvas") -> np.ndarray[Any, Any]:
    """(height, width, rgb) of a canvas."""
    url = page.locator(selector).evaluate("canvas => canvas.toDataURL('image/png')")
    picture = imread(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    return np.round(255 * picture[..., :3])


def coloured(picture: np.ndarray[Any, Any]) -> tuple[int, int]:
    """How many pixels are clearly orange, and how many clearly blue."""
    red, _, blue = np.moveaxis(picture.astype(int), -1, 0)
    return int((red - blue > 60).sum()), int((blue - red > 60).sum())


def seek(page: Page, share: float) -> None:
    page.locator("#clip-1 .position").scroll_into_view_if_needed()
    box = page.locator("#clip-1 .position").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)


def downloaded(page: Page, what: str) -> tuple[str, bytes]:
    page.wait_for_timeout(_BETWEEN_DOWNLOADS)
    page.locator("#clip-1 .saving").evaluate("details => { details.open = true; }")
    with page.expect_download() as waiting:
        page.locator(f"#clip-1 [data-save={what}]").click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


# --- playing and seeking ---------------------------------------------------------------------


def test_playing_moves_the_cursor(page: Page, report: Path) -> None:
    opened(page, report)
    page.locator("#clip-1 .position").press(" ")
    page.wait_for_function("() => document.querySelector('#clip-1 .position').value > 0.2")
    page.locator("#clip-1 .position").press(" ")
    page.wait_for_function(  # the browser tells the page a moment later where the sound stopped
        """() => {
          const [audio, cursor] = ['audio', '.position'].map(
            (name) => document.querySelector(`#clip-1 ${name}`));
          return audio.paused && Math.abs(cursor.value - audio.currentTime) < 1e-6;
        }"""
    )


def test_only_one_sound_plays_at_a_time(page: Page, report: Path) -> None:
    opened(page, report)
    page.evaluate("document.querySelectorAll('#clip-1 audio').forEach(audio => audio.loop = true)")
    page.locator("#clip-1 .position").press(" ")
    # Its event "play" would else come after that of the second, and stop this one.
    page.wait_for_function("() => document.querySelectorAll('#clip-1 audio')[0].currentTime > 0")
    page.evaluate("document.querySelectorAll('#clip-1 audio')[1].play()")
    page.wait_for_function("() => document.querySelectorAll('#clip-1 audio')[1].currentTime > 0.05")
    paused = page.evaluate("[...document.querySelectorAll('audio')].map(audio => audio.paused)")
    assert [index for index, still in enumerate(paused) if not still] == [1]


@pytest.mark.parametrize("domain", ["time", "frequency", "time-frequency"])
def test_a_click_into_the_picture_goes_there(page: Page, report: Path, domain: str) -> None:
    opened(page, report)
    if domain != "time":
        choose(page, "domain", domain)
    seek(page, 0.5)
    assert times(page) == pytest.approx([0.5] * 3, abs=0.01)
    seek(page, 0.25)
    assert position(page) == pytest.approx(0.25, abs=0.01)


def test_keys_go_through_the_sound(page: Page, report: Path) -> None:
    opened(page, report)
    slider = page.locator("#clip-1 .position")
    slider.press("End")
    assert times(page) == [1.0] * 3
    slider.press("Home")
    for _ in range(3):
        slider.press("ArrowRight")
    slider.press("ArrowLeft")
    assert times(page) == pytest.approx([0.04] * 3, abs=1e-4)
    assert slider.get_attribute("aria-valuetext") == "0.04 seconds"


def test_a_marked_part_is_heard_again_and_again(page: Page, report: Path) -> None:
    opened(page, report)
    page.locator("#clip-1 .span").scroll_into_view_if_needed()
    handle = page.locator("#clip-1 .span").bounding_box()
    assert handle is not None
    middle = handle["y"] + handle["height"] / 2
    width = handle["width"] - 24
    page.mouse.move(handle["x"] + 12, middle)
    page.mouse.down()
    page.mouse.move(handle["x"] + 12 + 0.4 * width, middle, steps=5)
    page.mouse.up()
    page.locator("#clip-1 .to").focus()
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    assert page.locator("#clip-1 output").inner_text() == "0.40 s to 0.60 s"
    assert page.locator("#clip-1 .loop input").is_checked()
    page.evaluate(
        """() => {
            window.heard = [];
            const audio = document.querySelector('#clip-1 audio');
            const note = () => { heard.push(audio.currentTime); requestAnimationFrame(note); };
            audio.addEventListener('playing', note, {once: true});
        }"""
    )
    page.locator("#clip-1 .position").press(" ")
    page.wait_for_function("() => heard.filter((t, i) => t < heard[i - 1] - 0.1).length >= 2")
    heard = np.array(page.evaluate("heard"))
    assert not page.locator("#clip-1 audio").first.evaluate("audio => audio.paused")
    assert heard.min() >= 0.39
    beyond = heard > 0.61
    assert not (beyond[1:] & beyond[:-1]).any()  # the first frame after its end goes back


def test_the_whole_sound_repeats_too(page: Page, report: Path) -> None:
    opened(page, report)
    page.locator("#clip-1 .loop input").check()
    page.locator("#clip-1 .position").press("End")
    page.locator("#clip-1 .position").press("ArrowLeft")
    page.locator("#clip-1 .position").press(" ")
    page.wait_for_function("() => document.querySelector('#clip-1 audio').currentTime < 0.5")
    assert not page.locator("#clip-1 audio").first.evaluate("audio => audio.paused")


def test_the_handles_do_not_pass_one_another(page: Page, report: Path) -> None:
    opened(page, report)
    page.locator("#clip-1 .from").press("End")
    assert page.locator("#clip-1 output").inner_text() == "0.95 s to 1.00 s"
    page.locator("#clip-1 .to").press("Home")
    assert page.locator("#clip-1 output").inner_text() == "0.00 s to 0.05 s"


# --- switching -------------------------------------------------------------------------------


def test_switches_show_and_play_the_other_explanations(
    page: Page, report: Path, waveform: list[Explanation]
) -> None:
    opened(page, report)
    domains = {
        "time": Time(8000),
        "frequency": Frequency(8000),
        "time-frequency": WAVEFORM.time_frequency,
    }
    seen = {pixels(page).tobytes()}
    for explanation, domain in zip(
        waveform, ["time", "frequency", "time-frequency", "time"], strict=True
    ):
        choose(page, "target", explanation.classes[explanation.target])
        choose(page, "rules", explanation.rules)
        choose(page, "domain", domain)
        wanted = explanation.in_domain(domains[domain])
        for sign in ("for", "against"):
            _, content = downloaded(page, sign)
            heard, rate = soundfile.read(io.BytesIO(content), dtype="int16")
            assert rate == 8000
            np.testing.assert_allclose(heard / 32767, wanted.sound("weighted", sign), atol=1e-4)
        seen.add(pixels(page).tobytes())
        _, summary = downloaded(page, "summary")
        assert json.loads(summary) | {"seconds": 0} == wanted.summary() | {"seconds": 0}
    assert len(seen) == 4  # the first is seen before and after


def test_what_can_not_be_switched_has_no_switch(page: Page, report: Path) -> None:
    opened(page, report)
    assert page.locator("#clip-1 select").count() == 3
    assert page.locator("#clip-2 select").count() == 0


def test_orange_is_for_and_blue_is_against(
    page: Page, tmp_path: Path, waveform: list[Explanation], spectrogram: Explanation
) -> None:
    clips = [
        [
            replace(
                e,
                relevance=sign * np.abs(e.relevance),
                layers={"input": sign * np.abs(e.layers["input"])},
            )
        ]
        for e in (waveform[0], spectrogram)
        for sign in (1, -1)
    ]
    page.goto(save_page(tmp_path / "signs.html", clips).as_uri())
    for number in (1, 2, 3, 4):
        page.locator(f"#clip-{number}").scroll_into_view_if_needed()
        shown(page, number)
        orange, blue = coloured(pixels(page, f"#clip-{number} canvas"))
        wanted, other = (orange, blue) if number % 2 else (blue, orange)
        assert wanted > 500
        assert other == 0


def test_silence_is_said(page: Page, tmp_path: Path, spectrogram: Explanation) -> None:
    loud = replace(spectrogram, relevance=np.abs(spectrogram.relevance))
    opened(page, save_page(tmp_path / "loud.html", [[loud]]))
    assert page.locator(".for .silent").inner_text() == ""
    assert (
        "nothing that sounds speaks against three" in page.locator(".against .silent").inner_text()
    )


def test_the_ledger_of_the_page_is_that_of_the_explanation(
    page: Page, report: Path, waveform: list[Explanation]
) -> None:
    opened(page, report)
    page.locator("#clip-1 .ledger summary").click()
    rows = page.locator("#clip-1 .ledger tbody tr")
    rows.first.wait_for()
    entries = waveform[0].ledger.sample(0)
    assert rows.locator("th").all_inner_texts() == [entry["layer"] for entry in entries]
    arrived = [float(text) for text in rows.locator(".relevance_out").all_inner_texts()]
    np.testing.assert_allclose(arrived, [entry["relevance_out"] for entry in entries], rtol=6e-3)
    choose(page, "domain", "frequency")
    page.locator("#clip-1 .ledger tbody th", has_text="inverse-dft").wait_for()


# --- saving ----------------------------------------------------------------------------------


def test_what_is_seen_and_heard_can_be_saved(
    page: Page, report: Path, waveform: list[Explanation]
) -> None:
    opened(page, report)
    name, picture = downloaded(page, "picture")
    assert name == "7_female seven time epsilon-plus.png"
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    _, table = downloaded(page, "relevance")
    head, *rows = csv.reader(io.StringIO(table.decode()))
    assert head == ["time_s", "relevance"]
    saved = np.array(rows, float)
    relevance = waveform[0].relevance
    np.testing.assert_allclose(saved[:, 0], np.arange(8000) / 8000, atol=1e-6)
    np.testing.assert_allclose(saved[:, 1], relevance, atol=2e-5 * np.abs(relevance).max())
    _, ledger = downloaded(page, "ledger")
    layers = [row["layer"] for row in csv.DictReader(io.StringIO(ledger.decode()))]
    assert layers == [entry.layer for entry in waveform[0].ledger]


def test_a_map_is_saved_with_its_axes(
    page: Page, report: Path, waveform: list[Explanation]
) -> None:
    opened(page, report)
    choose(page, "domain", "time-frequency")
    _, table = downloaded(page, "relevance")
    head, *rows = csv.reader(io.StringIO(table.decode()))
    saved = np.array(rows, float)
    wanted = waveform[0].in_domain(WAVEFORM.time_frequency)
    axes = wanted.domain.axes(8000)
    np.testing.assert_allclose(np.array(head[1:], float), axes["times"], atol=1e-6)
    np.testing.assert_allclose(saved[:, 0], axes["frequencies"], atol=1e-2)
    np.testing.assert_allclose(saved[:, 1:], wanted.relevance, atol=2e-5 * wanted.relevance.max())


# --- for everybody ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_accessibility_checker_finds_no_grave_fault(
    page: Page, report: Path, grave_faults: Faults, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    opened(page, report)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.locator("#clip-1 .ledger tbody tr").first.wait_for()
    page.locator("#clip-1 .loop input").check()
    assert grave_faults(page) == []


def test_everything_is_reached_and_worked_by_keyboard(page: Page, report: Path) -> None:
    opened(page, report)
    reached: list[str] = []
    while not reached or reached[-1] != "save":
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement, {choice, sound} = at.dataset;
                    const saving = at.closest('.saving') && at.matches('summary') && 'save';
                    return choice || sound || saving || at.classList[0] || at.type || at.localName;
                }"""
            )
        )
        assert len(reached) < 60
        if reached[-1] == "domain":
            page.keyboard.press("ArrowDown")
            page.locator("#clip-1[data-shown*='seven frequency']").wait_for()
    order = ["target", "domain", "rules", "position", "from", "to", "checkbox", "original", "for"]
    order += ["against", "summary", "save"]
    assert [
        what for i, what in enumerate(reached) if what in order and what not in reached[:i]
    ] == order
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_the_picture_is_described_in_words(page: Page, report: Path) -> None:
    opened(page, report)
    words = page.locator("#clip-1 .words").inner_text()
    assert "speaks for seven" in words
    assert page.locator("#clip-1 canvas").get_attribute("aria-label") == words
    choose(page, "domain", "frequency")
    assert "Hz" in page.locator("#clip-1 .words").inner_text()


def test_the_picture_follows_the_colour_scheme(page: Page, report: Path) -> None:
    page.emulate_media(color_scheme="light")
    opened(page, report)
    assert pixels(page)[2, 2].min() > 240
    page.emulate_media(color_scheme="dark")
    for _ in range(50):
        if pixels(page)[2, 2].max() < 60:
            break
        page.wait_for_timeout(100)
    assert pixels(page)[2, 2].max() < 60


def test_with_reduced_motion_the_cursor_takes_few_steps(page: Page, report: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    opened(page, report)
    page.locator("#clip-1 .position").press(" ")
    page.wait_for_function("() => document.querySelector('#clip-1 .position').value > 0.2")
    assert position(page) % 0.25 == 0


def test_a_phone_shows_all_of_it(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, report)
    page.locator("#clip-1 .ledger summary").click()
    page.locator("#clip-1 .ledger tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    seek(page, 0.5)
    assert times(page) == pytest.approx([0.5] * 3, abs=0.02)


def test_nothing_moves_while_the_page_comes_to_life(page: Page, report: Path) -> None:
    page.add_init_script(
        """window.moved = 0;
        new PerformanceObserver(list => list.getEntries().forEach(e => { moved += e.value; }))
            .observe({type: 'layout-shift', buffered: true});"""
    )
    opened(page, report)
    page.mouse.wheel(0, 900)
    shown(page, 2)
    page.wait_for_timeout(700)  # what moves within half a second of an input is not counted
    assert page.evaluate("moved") < 0.01


# --- hostile names, the network, many clips --------------------------------------------------


def test_no_name_becomes_markup(page: Page, tmp_path: Path, waveform: list[Explanation]) -> None:
    first = waveform[0]
    clip = clip_from_samples(first.clip.samples / 32768, 8000, BAD)
    classes = (BAD_CLASS, *first.classes[1:7], BAD_CLASS + "7", *first.classes[8:])
    bad = replace(first, clip=clip, output=Output(classes), model=f"{BAD_CLASS} model")
    other = replace(bad, target=0)
    opened(page, save_page(tmp_path / f"{BAD}.html", [[bad, other]]))
    assert page.locator("h2").inner_text() == BAD
    assert page.locator(".heard strong").inner_text() == BAD_CLASS + "7"
    assert page.locator("img, script:not([type]) ~ script, article b[title]").count() == 0
    assert page.title() == f"What the network heard in {BAD}"
    page.locator("select[data-choice=target]").select_option(BAD_CLASS)
    page.locator(".for h3", has_text=BAD_CLASS).wait_for()
    page.locator(".ledger summary").click()
    page.locator(".account", has_text=BAD_CLASS).wait_for()
    downloaded(page, "original")


def test_the_page_may_load_nothing(page: Page, report: Path, complaints: list[str]) -> None:
    opened(page, report)
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate("fetch('http://127.0.0.1:9/')")
    assert any("Content Security Policy" in complaint for complaint in complaints)
    complaints.clear()


def test_fifty_clips_are_less_than_20_mb_and_open_within_2_s(page: Page, tmp_path: Path) -> None:
    names = [f"{digit}_{sex}" for digit in (0, 3, 6) for sex in ("female", "male")]
    voices = [lrp_audio.example(name) for name in names]
    found = lrp_audio.load("audionet-digit").explain_batch(voices)
    fifty = [found[i % len(found)] for i in range(50)]
    clips = [[replace(e, clip=replace(e.clip, name=f"{i}.wav"))] for i, e in enumerate(fifty)]
    path = save_page(tmp_path / "many.html", clips)
    assert path.stat().st_size < 20e6
    opened(page, path)
    took = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"{path.stat().st_size / 1e6:.1f} MB, loaded after {took:.0f} ms")
    assert 0 < took < 2000
    assert page.locator("[data-shown]").count() < 10
    page.locator("nav a", has_text="49.wav").click()
    shown(page, 50)
