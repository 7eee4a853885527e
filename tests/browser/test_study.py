"""A study as participants meet it: finished, interrupted, by keyboard, by phone, handed in."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from lrp_audio.study.__main__ import main
from lrp_audio.study.bundle import CDN, Script, cdn_scripts
from lrp_audio.study.design import PRACTICE
from lrp_audio.study.key import Key, read_key
from lrp_audio.study.records import read_record
from lrp_audio.study.site import Wording, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Checker = Callable[["Page"], list[str]]
HOSTILE = '<img src=x onerror="hacked=1">\'</script><script>hacked=1</script>ü'
_WAIT = 30_000  # ms; the machine may be busy


@pytest.fixture(scope="module")
def study(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with jsPsych from npm."""
    if shutil.which("npm") is None:
        required = os.environ.get("LRP_AUDIO_REQUIRE_BROWSER") == "1"
        (pytest.fail if required else pytest.skip)("needs npm (on Debian: apt-get install npm)")
    out = tmp_path_factory.mktemp("study") / "out"
    said = StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main(["build", "--out", str(out), "--clips", "4"])
    assert code == 0, said.getvalue()
    return out


@pytest.fixture
def served(study: Path) -> Iterator[str]:
    """The address of the study's site on a server of its own."""
    yield from _serve(partial(_Quiet, directory=str(study / "site")))


@pytest.fixture
def page(page: "Page") -> "Page":
    page.set_default_timeout(_WAIT)
    return page


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *anything: Any) -> None:
        pass


def _serve(handler: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def variant(study: Path, folder: Path, key: Key, scripts: list[Script], send: str = "") -> Path:
    """The study's site with another page; returns the page's path."""
    site = folder / "site"
    shutil.copytree(study / "site", site)
    write_page(site, key, scripts, Wording("Which?", "Which?", "time", (HOSTILE,)), send)
    return site / "index.html"


def own_scripts(study: Path) -> list[Script]:
    names = [
        s.source.split("@jspsych/")[-1].split("/npm/")[-1].split("@")[0] for s in cdn_scripts()
    ]
    assert all((study / "site" / "jspsych" / f"{name}.js").is_file() for name in names)
    return [Script(f"jspsych/{name}.js") for name in names]


# --- taking part -----------------------------------------------------------------------------


def settings(page: "Page") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(page.locator("#settings").text_content() or "")
    return content


def kept(page: "Page") -> dict[str, Any]:
    state: dict[str, Any] = page.evaluate("() => JSON.parse(Object.values(localStorage)[0])")
    return state


def leave(page: "Page", act: Callable[[], None]) -> None:
    """Do what ends a screen, and wait until it is gone."""
    heading = page.query_selector("h2")
    assert heading is not None
    act()
    heading.wait_for_element_state("hidden")
    page.locator("h2").wait_for()


def press(page: "Page", name: str) -> None:
    leave(page, page.get_by_role("button", name=name, exact=True).click)


def play(page: "Page") -> None:
    """Play the sound to its end, before which nothing can be answered."""
    from playwright.sync_api import expect

    answer = page.locator(".jspsych-btn").first
    expect(answer).to_be_disabled()
    page.get_by_role("button", name="Play the sound").click()
    expect(answer).to_be_enabled(timeout=_WAIT)


def until_trials(page: "Page", look: Callable[[], None] = lambda: None) -> None:
    """Consent, instructions, the volume (first wrong, then right), up to the first item."""
    check = settings(page)["check"]["answer"]
    look()
    press(page, "I agree and take part")
    look()
    press(page, "Continue")
    look()
    play(page)
    press(page, "one" if check != "one" else "two")
    assert "That was not it" in (page.locator("main").text_content() or "")
    look()
    play(page)
    press(page, check)
    look()
    press(page, "Start")


def respond(page: "Page", answer: str) -> None:
    """Name `answer` in the trial on the screen."""
    if page.locator(".sound").count():
        play(page)
    press(page, answer)


def rate(page: "Page") -> None:
    page.get_by_role("group", name="How sure").get_by_role("radio").nth(3).check()
    page.get_by_role("group", name="How useful").get_by_role("radio").nth(1).check()
    press(page, "Continue")


def go_on(page: "Page", look: Callable[[], None] = lambda: None) -> bool:
    """Past pages that ask for nothing; whether another trial follows."""
    while not page.locator(".download").count():
        if page.locator(".picture, .sound").count():
            return True
        look()
        press(page, "Continue" if page.locator(".network").count() else "Begin")
    return False


def finish(page: "Page", answer: Callable[[str], str]) -> None:
    """Do the trials that remain; `answer` says what to answer to an item."""
    while go_on(page):
        state = kept(page)
        item, _ = settings(page)["orders"][state["order"]][len(state["trials"])]
        respond(page, answer(item))
        rate(page)


def download(page: "Page", folder: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("link", name="Download my answers").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


# --- tests -----------------------------------------------------------------------------------


def test_a_study_is_finished_across_reloads_and_its_file_is_analysed(
    page: "Page", served: str, study: Path, grave_faults: Checker, tmp_path: Path
) -> None:
    key = read_key(study)
    faults: list[str] = []

    def look() -> None:
        faults.extend(grave_faults(page))

    page.goto(served)
    page.locator("h2").wait_for()
    until_trials(page, look)
    person, seen = kept(page)["participant"], set[str]()
    while go_on(page, look):
        state = kept(page)
        count = len(state["trials"])
        shown = key.orders[state["order"]][count]
        if count == PRACTICE + 1:
            # Before an answer the same trial comes again.
            page.reload()
            page.locator(".picture, .sound").wait_for()
        if shown.condition not in seen:
            look()
        seen.add(shown.condition)
        respond(page, key.by_id[shown.item].network)
        if count == PRACTICE + 2:
            # After an answer it is not asked for again, only rated.
            before = kept(page)
            page.reload()
            page.locator("h2").wait_for()
            assert page.get_by_role("group", name="How sure").is_visible()
            assert kept(page) == {**before, "reloads": 2}
        if count == 0:
            look()
        rate(page)
    look()
    page.reload()
    remove = page.get_by_role("button", name="Remove them")
    remove.wait_for()
    assert remove.is_disabled()
    path = download(page, tmp_path)
    leave(page, remove.click)
    assert page.evaluate("() => localStorage.length") == 0
    assert faults == []
    assert seen == {"seen", "heard"}

    record = read_record(path, key)
    assert path.name == f"{person}.json"
    assert record.participant == person
    assert record.reloads == 3
    assert record.checks[-1] == next(i.spoken for i in key.items if i.kind == "check")
    assert len(record.checks) == 2
    assert [t.answer for t in record.trials] == [key.by_id[t.item].network for t in record.trials]
    assert {(t.confidence, t.usefulness) for t in record.trials} == {(4, 2)}
    assert all((t.plays == 1) == (t.condition == "heard") for t in record.trials)
    assert all(t.rt > 1000 for t in record.trials if t.condition == "heard")

    shutil.copytree(study, tmp_path / "study")
    shutil.copy(path, tmp_path / "study" / "records")
    out = StringIO()
    with redirect_stdout(out):
        assert main(["analyse", str(tmp_path / "study")]) == 0
    assert "answered too fast" in out.getvalue() or "1 count" in out.getvalue()


def test_a_study_is_finished_from_disk_by_keyboard_alone(
    page: "Page", study: Path, tmp_path: Path
) -> None:
    def focus(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            told = page.evaluate(
                "() => { const a = document.activeElement;"
                " return a.value && a.type === 'submit' ? a.value : a.textContent.trim(); }"
            )
            if told == name:
                return
        pytest.fail(f"no key leads to {name}")

    def strike(name: str, key: str = "Enter") -> None:
        focus(name)
        leave(page, partial(page.keyboard.press, key))

    def hear() -> None:
        from playwright.sync_api import expect

        focus("Play the sound")
        page.keyboard.press("Enter")
        expect(page.locator(".jspsych-btn").first).to_be_enabled(timeout=_WAIT)

    page.goto((study / "site" / "index.html").as_uri())
    page.locator("h2").wait_for()
    strike("I agree and take part")
    strike("Continue", "Space")
    hear()
    strike(settings(page)["check"]["answer"])
    strike("Start")
    while True:
        if page.locator(".download").count():
            break
        if page.locator(".picture, .sound").count():
            if page.locator(".sound").count():
                hear()
            strike("three")
        elif page.locator("fieldset").count():
            # A radio button has the focus of its group; the arrow keys choose.
            page.keyboard.press("Tab")
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            strike("Continue")
        else:
            strike("Continue" if page.locator(".network").count() else "Begin")
    focus("Download my answers")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    started.value.save_as(tmp_path / "record.json")
    record = read_record(tmp_path / "record.json", read_key(study))
    assert {(t.answer, t.confidence, t.usefulness) for t in record.trials} == {("three", 2, 1)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(
    page: "Page", served: str, grave_faults: Checker, scheme: Any
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme)

    def look() -> None:
        overflow = "() => document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(overflow) <= 0
        assert grave_faults(page) == []

    page.goto(served + "?order=1")
    page.locator("h2").wait_for()
    until_trials(page, look)
    for _ in range(PRACTICE):
        look()
        respond(page, "one")
        look()
        rate(page)
        press(page, "Continue")


def test_the_address_may_choose_the_order(page: "Page", served: str, study: Path) -> None:
    count = len(read_key(study).orders)
    for asked, order in (("5", 5), (str(count + 3), 3)):
        page.goto(f"{served}?order={asked}")
        page.locator("h2").wait_for()
        assert kept(page)["order"] == order
        page.evaluate("() => localStorage.clear()")
    people = set()
    for asked in ("-1", "1e3", "x", ""):
        page.goto(f"{served}?order={asked}")
        page.locator("h2").wait_for()
        assert 0 <= kept(page)["order"] < count
        people.add(kept(page)["participant"])
        page.evaluate("() => localStorage.clear()")
    assert len(people) == 4


@pytest.mark.parametrize(
    "garbage",
    ["", "null", "{", '{"trials": 3}', '{"trials": [], "checks": [], "order": "map"}', "[]"],
)
def test_whatever_the_browser_remembers_the_study_begins(
    page: "Page", served: str, garbage: str
) -> None:
    page.goto(served)
    page.locator("h2").wait_for()
    name = page.evaluate("() => Object.keys(localStorage)[0]")
    page.evaluate("([name, text]) => localStorage.setItem(name, text)", [name, garbage])
    page.reload()
    page.get_by_role("button", name="I agree and take part").wait_for()
    assert kept(page)["trials"] == []


def test_without_storage_the_study_runs_and_says_so(page: "Page", served: str) -> None:
    page.add_init_script(
        "Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new Error(); }"
    )
    page.goto(served)
    page.get_by_text("This browser keeps nothing").wait_for()
    until_trials(page)
    respond(page, "one")
    rate(page)
    page.locator(".network").wait_for()


def test_names_bring_no_markup_into_the_page(page: "Page", study: Path, tmp_path: Path) -> None:
    key = read_key(study)
    strange = replace(key, answers=(HOSTILE, *key.answers))
    page.goto(variant(study, tmp_path, strange, own_scripts(study)).as_uri())
    page.get_by_text(HOSTILE, exact=True).wait_for()
    until_trials(page)
    respond(page, HOSTILE)
    rate(page)
    assert page.locator(".chosen").text_content() == HOSTILE
    assert page.evaluate("() => typeof hacked") == "undefined"
    assert page.locator("main img").count() == 0


def test_answers_are_sent_and_a_failure_loses_nothing(
    page: "Page", complaints: list[str], study: Path, tmp_path: Path
) -> None:
    received: list[tuple[dict[str, str], bytes]] = []
    working = False

    class Receiver(_Quiet):
        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.end_headers()

        def do_OPTIONS(self) -> None:
            self._answer(204)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if working:
                received.append((dict(self.headers), body))
            self._answer(204 if working else 500)

    key = read_key(study)
    servers = _serve(Receiver)
    address = next(servers) + "answers"
    page.goto(variant(study, tmp_path, key, own_scripts(study), address).as_uri())
    page.locator("h2").wait_for()
    until_trials(page)
    finish(page, lambda item: key.by_id[item].network)
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_text("could not be sent").wait_for()
    assert any("500" in complaint for complaint in complaints)
    complaints.clear()
    working = True
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_text("have arrived").wait_for()
    next(servers, None)
    ((headers, body),) = received
    assert body == download(page, tmp_path).read_bytes()
    (tmp_path / "sent.json").write_bytes(body)
    assert len(read_record(tmp_path / "sent.json", key).trials) == len(key.orders[0])
    assert not {"Cookie", "Referer"} & set(headers)


def test_the_content_network_must_serve_the_very_files(
    page: "Page", complaints: list[str], study: Path, tmp_path: Path
) -> None:
    own = own_scripts(study)
    files = {s.source: study / "site" / o.source for s, o in zip(cdn_scripts(), own, strict=True)}
    added = b""

    def serve(route: Any) -> None:
        route.fulfill(
            body=files[route.request.url].read_bytes() + added,
            content_type="text/javascript",
            headers={"Access-Control-Allow-Origin": "*"},
        )

    page.route(f"{CDN}/**", serve)
    address = variant(study, tmp_path, read_key(study), cdn_scripts()).as_uri()
    page.goto(address)
    page.get_by_role("button", name="I agree and take part").wait_for()
    assert all(complaint.startswith(f"request: {CDN}") for complaint in complaints)
    added = b"\n"
    page.reload()
    assert page.locator("h2").count() == 0
    assert any("integrity" in complaint for complaint in complaints)
    complaints.clear()


def test_the_last_trial_alone_goes_on_after_a_reload(page: "Page", served: str) -> None:
    page.goto(served)
    page.locator("h2").wait_for()
    orders = settings(page)["orders"]
    number = next(n for n, order in enumerate(orders) if order[-1][1] == "heard")
    given = {"answer": "one", "rt": 2000, "plays": 1, "confidence": 3, "usefulness": 3}
    done = [{"item": i, "condition": c, **given} for i, c in orders[number][:-1]]
    state = {**kept(page), "order": number, "ready": True, "trials": done}
    page.evaluate(
        "(text) => localStorage.setItem(Object.keys(localStorage)[0], text)", json.dumps(state)
    )
    page.reload()
    page.locator(".sound").wait_for()
    respond(page, "one")
    rate(page)
    page.locator(".download").wait_for()


def test_a_picture_that_is_missing_is_said(
    page: "Page", complaints: list[str], served: str
) -> None:
    page.route("**/*.png", lambda route: route.abort())
    page.goto(served)
    page.get_by_text("Some pictures could not be loaded").wait_for()
    complaints.clear()
