"""From records to a result: which are refused, who is excluded, what is found."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_cases import made_up_key

from lrp_audio.commands.writing import sole_writer
from lrp_audio.study.__main__ import main
from lrp_audio.study.analysis import analyse
from lrp_audio.study.exclusion import REASONS, exclude
from lrp_audio.study.key import Key
from lrp_audio.study.participants import Truth, participants
from lrp_audio.study.records import Record, Trial, _validator, read_records, write_records
from lrp_audio.study.summary import markdown

KEY = made_up_key()
CLEAR = Truth(0.3, 0.7)


def people(count: int = 1, truth: Truth = CLEAR, key: Key = KEY, seed: int = 0) -> list[Record]:
    return participants(key, count, truth, np.random.default_rng(seed))


def study(tmp_path: Path, records: Sequence[Record], key: Key = KEY) -> Path:
    key.save(tmp_path)
    write_records(tmp_path / "records", key, records)
    return tmp_path


def run(*arguments: Path | str) -> tuple[int, str, list[str]]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue().splitlines()


# --- files -----------------------------------------------------------------------------------


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    records = [people(1)[0], replace(people(1, seed=1)[0], synthetic=False)]
    folder = study(tmp_path, records) / "records"
    read, errors = read_records(folder, KEY)
    assert errors == []
    assert {record for _, record in read} == set(records)


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda content: {**content, name: value}


def _in_trial(name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    def change(content: dict[str, Any]) -> Any:
        return {**content, "trials": [{**content["trials"][0], name: value}]}

    return change


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no object": (lambda content: [content], "is not of type 'object'"),
    "a field more": (_set("name", "Ada"), "'name' was unexpected"),
    "a field less": (lambda c: {k: v for k, v in c.items() if k != "order"}, "'order'"),
    "another study": (_set("study", "0" * 16), "belongs to study 0000"),
    "an order too many": (_set("order", 64), "no order 64"),
    "a true order": (_set("order", True), "at $.order"),
    "no number": (_set("participant", "../../etc/passwd"), "at $.participant"),
    "too many trials": (lambda c: {**c, "trials": c["trials"] * 60}, "at $.trials"),
    "trials of another order": (_set("order", 1), "trials"),
    "a slow answer": (_in_trial("rt", 1e300), "at $.trials[0].rt"),
    "an answer before time": (_in_trial("rt", -1), "at $.trials[0].rt"),
    "too sure": (_in_trial("confidence", 6), "at $.trials[0].confidence"),
    "an unknown answer": (
        _in_trial("answer", "<script>"),
        "is not an answer to choose from",
    ),
    "a participant and a line break": (_set("participant", "0" * 32 + "\n"), "at $.participant"),
    "synthetic by a number": (_set("synthetic", 1.0), "at $.synthetic"),
    "a rating between two": (_in_trial("usefulness", 2.5), "at $.trials[0].usefulness"),
    "an order beyond numbers": (_set("order", float("1e308") * 9), "not JSON"),
    "a strange item": (_in_trial("item", "0" * 12), "trials are not those of order"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_no_record_is_named_and_the_others_count(tmp_path: Path, fault: str) -> None:
    good, bad = people(2)
    folder = study(tmp_path, [good, replace(bad, order=0)]) / "records"
    path = folder / f"{bad.participant}.json"
    change, said = FAULTS[fault]
    content = json.loads(path.read_text())
    if fault != "trials of another order":
        content["order"] = bad.order
    path.write_text(json.dumps(change(content)))
    read, errors = read_records(folder, KEY)
    assert [record for _, record in read] == [good]
    (error,) = map(str, errors)
    assert error.startswith(str(path))
    assert said in error
    assert "\n" not in error


@pytest.mark.parametrize(
    ("written", "as_float"),
    [("rt", ".0"), ("plays", ".000"), ("confidence", ".0e0"), ("usefulness", "0e-1")],
)
def test_a_number_that_json_calls_an_integer_is_one(
    tmp_path: Path, written: str, as_float: str
) -> None:
    records = people(3)
    folder = study(tmp_path, records) / "records"
    path = folder / f"{records[0].participant}.json"
    text = re.sub(rf'"{written}": (\d+)', rf'"{written}": \g<1>{as_float}', path.read_text())
    assert text != path.read_text()
    path.write_text(text)
    read, errors = read_records(folder, KEY)
    assert errors == []
    assert {record for _, record in read} == set(records)
    numbers = [getattr(trial, written) for _, record in read for trial in record.trials]
    assert {type(number) for number in numbers} == {int}
    assert analyse([record for _, record in read], KEY) is not None


def test_an_order_of_minus_nought_is_the_first(tmp_path: Path) -> None:
    record = next(one for one in people(400) if one.order == 0)
    folder = study(tmp_path, [record]) / "records"
    path = folder / f"{record.participant}.json"
    path.write_text(path.read_text().replace('"order": 0', '"order": -0.0'))
    assert [one for _, one in read_records(folder, KEY)[0]] == [record]


@pytest.mark.parametrize(
    "content",
    [
        {"trials": [{}] * 300_000},
        {"checks": [0] * 300_000},
        {str(number): 0 for number in range(80_000)},
        {"trials": [{str(number): 0 for number in range(80_000)}]},
    ],
    ids=["trials", "checks", "fields", "fields of a trial"],
)
def test_a_file_of_countless_faults_is_refused_as_fast_as_one_of_a_single_one(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    (good,) = people(1)
    folder = study(tmp_path, [good]) / "records"
    whole = json.loads((folder / f"{good.participant}.json").read_text()) | content
    (folder / "many.json").write_text(json.dumps(whole, separators=(",", ":"))[:999_999])
    (folder / "more.json").write_text(json.dumps(whole, separators=(",", ":")))
    begun = time.process_time()
    read, errors = read_records(folder, KEY)
    assert time.process_time() - begun < 2
    assert len(read) == 1
    assert len(errors) == 2
    assert all(len(str(error).replace(str(tmp_path), "")) < 500 for error in errors)


@pytest.mark.usefixtures("closed_folders")
def test_what_is_no_file_or_cannot_be_listed_is_named_and_the_others_count(tmp_path: Path) -> None:
    records = people(2)
    folder = study(tmp_path, records) / "records"
    os.mkfifo(folder / "pipe.json")
    (folder / "closed").mkdir()
    read, errors = read_records(folder, KEY)
    assert len(read) == 2
    closed, pipe = map(str, errors)
    assert "closed cannot be listed" in closed
    assert "not a regular file" in pipe


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"order": NaN}', b" " * 1_000_001, b"null"],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_count(
    tmp_path: Path, content: bytes
) -> None:
    folder = study(tmp_path, people(6)) / "records"
    (folder / "bad.json").write_bytes(content)
    (folder / "folder.json").mkdir()
    read, errors = read_records(folder, KEY)
    assert len(read) == 6
    named = [str(error).split("/")[-1].split()[0] for error in errors]
    assert named == ["bad.json", "folder.json"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "name", ["a.json", "A.JSON", "b.Json", "c.json.txt", "D.JSON.TXT", "monday/lab 2/e.json"]
)
def test_a_record_is_read_whatever_an_editor_or_a_browser_made_of_it(
    tmp_path: Path, encoding: str, name: str
) -> None:
    records = people(2)
    folder = study(tmp_path, records) / "records"
    old, new = folder / f"{records[0].participant}.json", folder / name
    text = old.read_text(encoding="utf-8")
    old.unlink()
    new.parent.mkdir(parents=True, exist_ok=True)
    new.write_text(text, encoding=encoding)
    read, errors = read_records(folder, KEY)
    assert errors == []
    assert {record for _, record in read} == set(records)


def test_every_other_file_among_the_records_is_named(tmp_path: Path) -> None:
    records = people(1)
    folder = study(tmp_path, records) / "records"
    others = ["all.zip", "notes", "x.json.part", "sub/mail.eml", "sub/list.csv"]
    for name in (*others, ".DS_Store", "__MACOSX/._a.json", ".trash/b.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
    (folder / "elsewhere").symlink_to(tmp_path)
    read, errors = read_records(folder, KEY)
    assert [record for _, record in read] == records
    said = sorted(str(error) for error in errors)
    assert len(said) == len(others) + 1
    for name in (*others, "elsewhere"):
        (sentence,) = (text for text in said if text.startswith(f"{folder / name} "))
        assert "left out" in sentence


def test_after_a_bad_file_the_rest_goes_on(tmp_path: Path) -> None:
    folder = study(tmp_path, people(6)) / "records"
    (folder / "\x1b[31mbad.json").write_text("{")
    code, out, (error,) = run("analyse", tmp_path)
    assert code == 2
    assert "bad.json is not JSON" in error
    assert "\x1b" not in error
    assert "6 count" in out


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["trials", "order", "study", "item", "rt"]), inner, max_size=4),
    max_leaves=8,
))  # fmt: skip
def test_nothing_that_is_json_makes_the_analysis_stumble(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    folder = tmp_path_factory.mktemp("records")
    (folder / "some.json").write_text(json.dumps(content))
    read, errors = read_records(folder, KEY)
    assert read == []
    assert len(errors) == 1


def test_without_jsonschema_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    _validator.cache_clear()
    code, _, (error,) = run("analyse", study(tmp_path, people(1)))
    assert code == 2
    assert "pip install 'lrp-audio[study]'" in error


# --- exclusion -------------------------------------------------------------------------------


def changed(record: Record, kind: str, **values: Any) -> Record:
    """`record` with `values` in all trials of items of a kind."""

    def change(trial: Trial) -> Trial:
        return replace(trial, **values) if KEY.by_id[trial.item].kind == kind else trial

    return replace(record, trials=tuple(map(change, record.trials)))


def reasons(*records: Record) -> list[str]:
    return [excluded.reason for excluded in exclude(records, KEY)[1]]


def test_nobody_is_excluded_without_a_reason() -> None:
    records = people(20)
    assert exclude(records, KEY) == (records, [])


def test_one_failed_catch_trial_is_forgiven_and_two_are_not() -> None:
    record = people(1)[0]
    caught = [i for i, t in enumerate(record.trials) if KEY.by_id[t.item].kind == "catch"]

    def failing(count: int) -> Record:
        trials = list(record.trials)
        for place in caught[:count]:
            trials[place] = replace(trials[place], answer="nine")
        return replace(record, trials=tuple(trials))

    assert reasons(failing(1)) == []
    assert reasons(failing(2)) == ["too many catch trials failed"]


def test_who_answers_too_fast_is_excluded() -> None:
    assert reasons(changed(people(1)[0], "trial", rt=999)) == ["answered too fast"]
    assert reasons(changed(people(1)[0], "trial", rt=1000)) == []
    assert reasons(changed(people(1)[0], "practice", rt=1)) == []


def test_who_did_not_finish_is_excluded() -> None:
    record = people(1)[0]
    assert reasons(replace(record, trials=record.trials[:-1])) == ["trials are missing"]
    assert reasons(replace(record, trials=())) == ["trials are missing"]


def test_the_same_answers_count_once_and_different_ones_not_at_all() -> None:
    record, other = people(2)
    twin = replace(other, participant=record.participant)
    assert reasons(record, other, record) == ["the same answers were handed in before"]
    assert reasons(record, twin) == ["the same participant handed in different answers"] * 2
    assert set(reasons(record, record, twin)) <= set(REASONS)


# --- the result ------------------------------------------------------------------------------


def test_an_effect_is_found_and_the_summary_says_it(tmp_path: Path) -> None:
    folder = study(tmp_path, people(30))
    code, out, errors = run("analyse", folder)
    assert (code, errors) == (0, [])
    result = folder / "result"
    assert sorted(p.name for p in result.iterdir()) == [
        "result.pdf", "result.png", "summary.json", "summary.md"
    ]  # fmt: skip
    assert (result / "summary.md").read_text() == out[:-1]
    assert "30 of 30 participants are synthetic" in out
    assert "there is a difference" in out
    values = json.loads((result / "summary.json").read_text())
    found = values["analysis"]["of_record"]
    low, high = found["difference"]["interval"]
    assert low <= 0.4 <= high
    assert found["p"] < 0.001
    assert values["analysis"]["both_random"] < 0.001


def test_without_an_effect_none_is_claimed(tmp_path: Path) -> None:
    _, out, _ = run("analyse", study(tmp_path, people(30, Truth(0.5, 0.5))))
    assert "no difference was found" in out


def test_shares_are_counted_by_condition_and_by_what_the_network_got_right() -> None:
    record = people(1)[0]
    items = KEY.by_id

    def answer(trial: Trial) -> Trial:
        item = items[trial.item]
        # Heard, the network's answer; seen, the word that was spoken.
        named = item.network if trial.condition == "heard" else item.spoken
        return replace(trial, answer=named, confidence=2 if trial.condition == "seen" else 5)

    analysis = analyse([replace(record, trials=tuple(map(answer, record.trials)))], KEY)
    assert analysis is not None
    seen = {c.name: c.seen.mean for c in (analysis.of_record, *analysis.secondary)}
    heard = {c.name: c.heard.mean for c in (analysis.of_record, *analysis.secondary)}
    names = list(seen)
    assert [seen[name] for name in names[:5]] == [0.5, 1, 0, 1, 2]
    assert [heard[name] for name in names[:5]] == [1, 1, 1, 0, 5]
    assert sum(clip.right["heard"] for clip in analysis.clips) == 8


def test_a_study_without_wrong_answers_is_analysed() -> None:
    key = made_up_key(right=8, wrong=0)
    analysis = analyse(people(8, key=key), key)
    assert analysis is not None
    assert not any("wrong" in c.name for c in analysis.secondary)


def test_nobody_left_is_said(tmp_path: Path) -> None:
    cut = [replace(r, trials=r.trials[:3]) for r in people(2)]
    code, out, _ = run("analyse", study(tmp_path, cut))
    assert code == 0
    assert "No participant is left" in out
    assert "2: trials are missing" in out


def test_no_figure_of_an_earlier_analysis_stays_beside_the_summary(tmp_path: Path) -> None:
    run("analyse", study(tmp_path, people(5)))
    result = tmp_path / "result"
    assert (result / "result.png").exists()
    for path in (tmp_path / "records").iterdir():
        path.unlink()
    write_records(tmp_path / "records", KEY, [replace(people()[0], trials=())])
    assert run("analyse", tmp_path)[0] == 0
    assert sorted(path.name for path in result.iterdir()) == ["summary.json", "summary.md"]


@pytest.mark.parametrize("made", [False, True])
def test_no_records_are_one_sentence(tmp_path: Path, made: bool) -> None:
    KEY.save(tmp_path)
    if made:
        (tmp_path / "records").mkdir()
    code, _, errors = run("analyse", tmp_path)
    assert code == 2
    assert "put the participants' files there" in errors[0]


def test_names_that_are_no_text_are_analysed(tmp_path: Path) -> None:
    name = os.fsdecode(b"m\xffy_\x1b[2J")
    items = tuple(replace(item, clip=item.clip and name) for item in KEY.items)
    key = replace(KEY, model=name, items=items)
    code, out, errors = run("analyse", study(tmp_path, people(8, key=key), key))
    assert (code, errors) == (0, [])
    summary = (tmp_path / "result" / "summary.md").read_text(encoding="utf-8")
    assert "Model m\\\\udcffy\\_\\\\x1b\\[2J, rules" in summary
    assert "\x1b" not in out + summary


def test_names_of_clips_bring_no_markup_into_the_summary() -> None:
    name = '7_<img src=x onerror=alert(1)>|"ü"\n# [a](b)_`c`_0.wav'
    key = replace(KEY, items=(replace(KEY.items[0], clip=name), *KEY.items[1:]))
    records = people(6, key=key)
    text = markdown(key, records, [], analyse(records, key))
    (line,) = (line for line in text.splitlines() if "onerror" in line)
    assert line.startswith("| 7\\_&lt;img src=x onerror=alert(1)&gt;\\|")
    assert "ü" in line
    assert "\\[a\\]" in line
    assert "<" not in text


# --- simulate --------------------------------------------------------------------------------


def test_simulate_says_how_many_participants_are_needed() -> None:
    code, out, _ = run("simulate", "--seen", "0.3", "--heard", "0.6", "--clips", "16")
    assert code == 0
    count = int(out.split("studies with ")[1].split()[0])
    assert 6 < count < 20
    _, again, _ = run(
        "simulate", "--seen", "0.3", "--heard", "0.6", "--clips", "16", "--participants", count
    )
    assert again == out


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        (
            ("simulate", "--seen", "0.2", "--heard", "0.8", "--participants", "4", "--into"),
            "records",
        ),
        (("analyse",), "result"),
    ],
)
def test_while_another_process_writes_to_a_study_it_is_left_alone(
    command: tuple[str, ...], folder: str, tmp_path: Path
) -> None:
    study(tmp_path, people(3))
    with sole_writer(tmp_path / folder):
        before = sorted(tmp_path.rglob("*"))
        code, out, errors = run(*command, tmp_path)
        assert (code, out) == (2, "")
        assert errors[-1].startswith("error: ") and f"process {os.getpid()}" in errors[-1]
        assert sorted(tmp_path.rglob("*")) == before


def test_simulated_participants_are_those_that_the_analysis_reads(tmp_path: Path) -> None:
    KEY.save(tmp_path)
    given = ("simulate", "--seen", "0.2", "--heard", "0.8", "--into", tmp_path)
    code, _, errors = run(*given)
    assert (code, "--participants" in errors[0]) == (2, True)
    assert run(*given, "--participants", "10")[0] == 0
    assert "10 count" in run("analyse", tmp_path)[1]


@pytest.mark.parametrize("share", ["0", "1", "nan", "x", "1e999"])
def test_a_share_lies_between_0_and_1(share: str) -> None:
    code, _, errors = run("simulate", "--seen", share, "--heard", "0.5")
    assert code == 2
    assert "between 0 and 1" in errors[-1]


def test_a_difference_that_nobody_could_find_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lrp_audio.study.power.MOST", 12)
    code, _, errors = run("simulate", "--seen", "0.5", "--heard", "0.5001", "--clips", "4")
    assert code == 2
    assert "Not even 12 participants" in errors[0]
