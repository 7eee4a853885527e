"""The site of a study: its stimuli, what it hides, and what cannot be injected."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from study_cases import made_up_key

import lrp_audio
from lrp_audio.study import stimuli
from lrp_audio.study.__main__ import main
from lrp_audio.study.bundle import CDN, Script, cdn_scripts, integrities
from lrp_audio.study.key import Key, read_key
from lrp_audio.study.site import Wording, write_page

HOSTILE = '<img src=x onerror="alert(1)">ü\'"&</script>'


def run(*arguments: Path | str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue()


class Page(HTMLParser):
    """Every tag of a page with its attributes, and the text of its settings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.settings = ""
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = ("id", "settings") in attrs

    def handle_data(self, data: str) -> None:
        self.settings += data if self._inside else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A study of recordings with hostile names, and what the command said."""
    folder = tmp_path_factory.mktemp("study")
    data = folder / "data"
    data.mkdir()
    for digit in range(10):
        for sex in ("female", "male"):
            speaker = f"{sex}<b onclick=alert(1)>'ü"
            shutil.copyfile(lrp_audio.example(f"{digit}_{sex}"), data / f"{digit}_{speaker}_7.wav")
    consent = folder / "consent.txt"
    consent.write_text(f"First {HOSTILE}\n\nsecond\nline", encoding="utf-8")
    code, out, err = run(
        "build", "--data", data, "--out", folder / "out", "--clips", "4", "--cdn",
        "--consent", consent, "--send", "https://example.org:8443/answers?x=1",
    )  # fmt: skip
    assert (code, err) == (0, "")
    yield folder / "out", out


@pytest.fixture(scope="module")
def key(built: tuple[Path, str]) -> Key:
    return read_key(built[0])


@pytest.fixture(scope="module")
def page(built: tuple[Path, str]) -> Page:
    return Page((built[0] / "site" / "index.html").read_text(encoding="utf-8"))


def test_the_study_is_whole_and_leaves_nothing_beside_it(built: tuple[Path, str]) -> None:
    out, _ = built
    assert sorted(p.name for p in out.iterdir()) == ["key.json", "records", "site"]
    assert sorted(p.name for p in out.parent.iterdir()) == ["consent.txt", "data", "out"]
    assert sorted(p.name for p in (out / "site").iterdir()) == [
        "index.html", "stimuli", "study.css", "study.js"
    ]  # fmt: skip


def test_every_place_in_an_order_has_its_file(built: tuple[Path, str], key: Key) -> None:
    site = built[0] / "site"
    for order in key.orders:
        for shown in order:
            name = stimuli.picture_file if shown.condition == "seen" else stimuli.sound_file
            assert name(site, shown.item).stat().st_size > 1000


def test_wrong_answers_are_counted_and_none_is_made_up(built: tuple[Path, str], key: Key) -> None:
    model = lrp_audio.load("audionet-digit")
    data = built[0].parent / "data"
    named = {path.name: model.classes[model.classify(path)] for path in data.iterdir()}
    wrong = {name for name, digit in named.items() if model.classes[int(name[0])] != digit}
    assert wrong
    assert f"20 recordings, {len(wrong)} of them misclassified" in built[1]
    shown = [item for item in key.items if item.clip]
    assert len({item.clip for item in shown}) == len(shown) == 4 + 2 + 2 + 1
    assert all(named[item.clip] == item.network for item in shown)
    assert all((item.clip in wrong) == item.wrong for item in shown)
    assert {item.kind for item in shown if item.wrong} <= {"trial"}
    if len(wrong) < 2:
        assert f"{2 - len(wrong)} more wrong ones are needed" in built[1]


def test_the_site_does_not_tell_the_answers(built: tuple[Path, str], key: Key, page: Page) -> None:
    site = built[0] / "site"
    secret = {item.id: item for item in key.items if item.kind in ("trial", "catch")}
    for path in (site / "stimuli").iterdir():
        assert re.fullmatch(r"[0-9a-f]{12}\.(png|wav)", path.name)
    for path in site.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(item.clip.encode() in content for item in key.items if item.clip)
    settings = json.loads(page.settings)
    assert sorted(settings) == ["answers", "check", "orders", "practice", "send", "study"]
    assert secret.keys().isdisjoint({*settings["practice"], settings["check"]["item"]})
    # Beside the orders, an id stands nowhere: what it is cannot be told from its neighbours.
    orders = {id for order in settings.pop("orders") for id, _ in order}
    assert orders == set(secret) | set(settings["practice"])
    assert not any(id in json.dumps(settings) for id in secret)


def test_picture_and_sound_show_the_same_positive_relevance(
    built: tuple[Path, str], key: Key
) -> None:
    item = key.trials()[0]
    explanation = lrp_audio.load("audionet-digit").explain(built[0].parent / "data" / item.clip)
    sound, _ = soundfile.read(stimuli.sound_file(built[0] / "site", item.id))
    np.testing.assert_allclose(sound, explanation.sound("weighted", "for"), atol=1 / 2**14)
    shown = stimuli.positive_only(explanation)
    assert (shown.relevance >= 0).all()
    np.testing.assert_array_equal(shown.sound(), explanation.sound())


def test_recordings_are_as_loud_as_sounds_usually_are(built: tuple[Path, str], key: Key) -> None:
    site = built[0] / "site"

    def loudness(kinds: set[str]) -> list[float]:
        ids = [item.id for item in key.items if item.kind in kinds and item.clip]
        sounds = [soundfile.read(stimuli.sound_file(site, id))[0] for id in ids]
        assert all(np.abs(sound).max() < 1 for sound in sounds)
        return [float(np.sqrt(np.mean(sound**2))) for sound in sounds]

    typical = np.median(loudness({"trial", "practice"}))
    assert loudness({"catch", "check"}) == pytest.approx([typical] * 3, rel=0.02)


def test_the_page_loads_nothing_but_what_it_says(page: Page) -> None:
    policy = page.of("meta")[1]["content"]
    assert policy == (
        "default-src 'none'; script-src 'self' https://cdn.jsdelivr.net; style-src 'self'; "
        "img-src 'self' data:; media-src 'self'; connect-src https://example.org:8443; "
        "base-uri 'none'; form-action 'none'"
    )
    sources = [s for s in page.of("script") if "src" in s]
    assert sources.pop() == {"src": "study.js"}
    for script in sources:
        source, hashed = script["src"] or "", script["integrity"] or ""
        assert source.startswith(CDN)
        assert re.search(r"@\d+\.\d+\.\d+/dist/", source)
        assert hashed.startswith("sha384-")
        assert script["crossorigin"] == "anonymous"
    assert not any(name.startswith("on") or name == "style" for _, a in page.tags for name in a)


def test_consent_and_names_bring_no_markup(page: Page) -> None:
    assert [a.get("src") for a in page.of("img")] == [None]  # that of the seen heatmap
    assert page.of("b") == []
    text = {a["id"]: a for a in page.of("template")}
    assert "consent" in text


def test_answers_bring_no_markup(tmp_path: Path) -> None:
    key = replace(made_up_key(), answers=(HOSTILE, "<!--<script>", "é"))
    (tmp_path / "site").mkdir()
    wording = Wording(HOSTILE, HOSTILE, "time", (HOSTILE,))
    write_page(tmp_path / "site", key, [Script("a.js")], wording, "")
    page = Page((tmp_path / "site" / "index.html").read_text(encoding="utf-8"))
    assert json.loads(page.settings)["answers"] == list(key.answers)
    assert len(page.of("img")) == 1
    assert [s.get("src") for s in page.of("script")] == [None, "a.js", "study.js"]
    assert "connect-src 'none'" in (page.of("meta")[1]["content"] or "")


def test_the_content_network_serves_the_versions_of_the_lock_file() -> None:
    web = Path(lrp_audio.__file__).parent / "study" / "web"
    locked = json.loads((web / "package-lock.json").read_text())["packages"]
    assert [s.integrity for s in cdn_scripts()] == list(integrities().values())
    for script in cdn_scripts():
        package, version = re.findall(r"/npm/(.+)@([^/]+)/dist", script.source)[0]
        assert locked[f"node_modules/{package}"]["version"] == version
        assert locked[f"node_modules/{package}"]["integrity"].startswith("sha512-")


# --- what cannot be built --------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["example.org", "http://example.org", "ftp://example.org", "javascript:alert(1)", "https://",
     "https://user:secret@example.org", "https://ex ample.org", "https://example.org/'><script>",
     "https://example.org; script-src *", "https://exämple.org", "https://e.org:x/", "//e.org"],
)  # fmt: skip
def test_answers_are_sent_to_safe_addresses_only(tmp_path: Path, address: str) -> None:
    code, _, err = run("build", "--cdn", "--out", tmp_path / "out", "--send", address)
    assert code == 2
    assert "Answers cannot be sent to" in err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    code, _, err = run("build", "--cdn", "--out", tmp_path)
    assert (code, "is in use" in err) == (2, True)
    assert [p.name for p in tmp_path.iterdir()] == ["precious"]


def test_leftovers_in_a_folder_in_use_are_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    (tmp_path / ".abcdefgh.partial" / "site").mkdir(parents=True)
    assert run("build", "--cdn", "--out", tmp_path)[0] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["precious"]


def test_without_npm_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run("build", "--data", "7_female", "7_male", "--out", tmp_path / "out")
    assert code == 2
    assert "npm is not installed" in err
    assert "--cdn" in err
    assert list(tmp_path.iterdir()) == []


def test_when_npm_fails_its_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = run("build", "--data", "7_female", "--out", tmp_path / "out")
    assert code == 2
    assert "npm could not fetch jsPsych (npm error code ENOTFOUND)" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--data", "7_female"), "1 usable recordings, 0 of them misclassified, are enough for 0"),
        (("--clips", "16"), "not for 16: give more recordings with --data or fewer --clips"),
        (("--data", "nowhere"), "nowhere is neither a folder nor a bundled clip"),
        (("--clips", "5"), "not an even number"),
        (("--consent", "missing.txt"), "missing.txt cannot be read"),
    ],
)
def test_what_makes_no_study_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = run("build", "--cdn", "--out", tmp_path / "out", *arguments)
    assert code == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_recording_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copyfile(lrp_audio.example("7_female"), data / "7_a_0.wav")
    (data / "7_b_0.wav").write_text("no sound")
    code, _, err = run("build", "--cdn", "--data", data, "--out", tmp_path / "out")
    assert code == 2
    assert "7_b_0.wav is not a WAV" in err
    assert "1 usable recordings" in err
