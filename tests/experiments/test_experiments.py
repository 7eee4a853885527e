"""The experiments' command: each runs on a real network, can be resumed, and reports faults."""

import csv
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import lrp_audio
from lrp_audio.commands.workers import Workers
from lrp_audio.data.corpus import Recording
from lrp_audio.errors import ClipError, DataError
from lrp_audio.experiments import accuracy, frequency_scaling, sanity
from lrp_audio.experiments.__main__ import main
from lrp_audio.experiments.accuracy import FoldTraining
from lrp_audio.experiments.compare import ComparedClips
from lrp_audio.experiments.flipping import FlippedClips
from lrp_audio.experiments.frequency_scaling import ChangedVoices
from lrp_audio.experiments.plan import ExperimentPlan
from lrp_audio.experiments.registry import EXPERIMENTS
from lrp_audio.experiments.results import ExperimentResults, ResultTable
from lrp_audio.experiments.subjects import Portion, Subject
from lrp_audio.experiments.units import Parts, Unit, UnitResult, _identity, run
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.training import from_recordings

pytestmark = pytest.mark.slow

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled clips in AudioMNIST's layout: four women and four men, two digits each."""
    folder = tmp_path_factory.mktemp("corpus")
    meta = {}
    for number in range(8):
        sex = "female" if number < 4 else "male"
        speaker = f"{number + 1:02}"
        meta[speaker] = {"gender": sex}
        (folder / "data" / speaker).mkdir(parents=True)
        for digit in (2 * (number % 4), 2 * (number % 4) + 1):
            clip = lrp_audio.example(f"{digit}_{sex}")
            shutil.copy(clip, folder / "data" / speaker / f"{digit}_{speaker}_0.wav")
    (folder / "audioMNIST_meta.txt").write_text(json.dumps(meta))
    return folder


@pytest.fixture
def results(corpus: Path, tmp_path: Path) -> Run:
    """Runs an experiment on the corpus and gives its results.json."""

    def start(name: str, *options: str, data: Path = corpus) -> dict[str, Any]:
        out = tmp_path / name
        given = [name, "--data", str(data), "--out", str(out), *options]
        assert main(given) == 0
        assert sorted(
            path.name for path in out.iterdir() if path.name not in ("models",)
        ) == sorted(
            ["parts", "results.json", *(f"{name}.{kind}" for kind in ("csv", "md", "png", "pdf"))]
        )
        found: dict[str, Any] = json.loads((out / "results.json").read_text())
        with (out / f"{name}.csv").open(newline="") as file:
            assert len(list(csv.DictReader(file))) == len(found["rows"])
        return found

    return start


EVERYONE = ["--hold-out", *(f"{number:02}" for number in range(1, 9))]
SOME = ["--hold-out", "01", "05"]


def test_silencing_what_is_relevant_hurts_more_than_silencing_the_rest(results: Run) -> None:
    found = results("flipping", "--models", "audionet-digit", "--clips", "3", *EVERYONE)
    areas = {row["order"]: row for row in found["tables"][0]["rows"]}
    plus = areas["lrp epsilon-plus"]
    assert float(plus["most first"].split()[0]) + 0.2 < float(plus["least first"].split()[0])
    assert {row["share silenced"] for row in found["rows"]} >= {0.0, 1.0}
    first = [row["accuracy"] for row in found["rows"] if row["share silenced"] == 0]
    assert min(first) == max(first) >= 0.5  # silencing nothing changes nothing


def test_scaled_voices_are_taken_for_the_other_sex(results: Run) -> None:
    found = results("frequency-scaling", "--models", "alexnet-sex", *SOME)
    (row,) = found["tables"][0]["rows"]
    accuracy = {key: float(str(cell).split()[0]) for key, cell in row.items() if " [" in str(cell)}
    assert accuracy["as they are"] >= 75
    assert accuracy["as published"] <= accuracy["as they are"] - 25
    shares = [value for key, value in found["rows"][0].items() if key.startswith("relevance, ")]
    assert len(shares) == 5
    assert all(0 <= share <= 1 for share in shares)


def test_random_numbers_fail_the_sanity_check_and_maps_pass_it(results: Run) -> None:
    found = results("sanity", "--models", "audionet-digit", "--clips", "1", *EVERYONE)
    rows = [r for r in found["rows"] if r["measure"] == sanity.MEASURES[0]]
    similarity = {(row["method"], row["random down to"]): row["similarity"] for row in rows}
    for method in {row["method"] for row in rows}:
        assert similarity[method, sanity.TRAINED] == pytest.approx(1)
    assert similarity["random", "conv1"] == pytest.approx(1)
    assert abs(similarity["lrp epsilon", "conv1"]) < 0.2


def test_methods_are_compared_by_the_same_measures(results: Run) -> None:
    found = results("compare", "--models", "audionet-digit", "--clips", "1", *EVERYONE)
    flip, listen = (table["rows"] for table in found["tables"])
    methods = [row["method"] for row in flip]
    assert methods == [row["method"] for row in listen]
    assert {"random", "kernel-shap", "lime", "occlusion", "lrp epsilon-plus"} <= set(methods)
    assert all(row["seconds"] > 0 for row in flip)
    drops = [row["average drop (%)"] for row in listen]
    assert min(drops) >= 0 and max(drops) <= 100


@pytest.fixture(scope="module")
def trained(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("accuracy")
    given = ["accuracy", "--data", str(corpus), "--out", str(out), "--models", "audionet-sex"]
    recipes = ARCHITECTURES["audionet"].recipes
    recipe = recipes["sex"]
    small = replace(recipe, settings=replace(recipe.settings, batch=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(recipes, "sex", small)  # type: ignore[arg-type]
        patch.setattr(from_recordings, "_TYPICAL", 4)
        assert main([*given, "--steps", "1", "--folds", "0", "3"]) == 0
    return out


def test_folds_are_trained_and_tested_on_unseen_speakers(trained: Path) -> None:
    found = json.loads((trained / "results.json").read_text())
    assert [row["fold"] for row in found["rows"]] == [0, 3]
    assert all(row["training"] == 8 for row in found["rows"])  # two sets of a woman and a man
    assert all(0 <= row["test"] <= 100 for row in found["rows"])
    (row,) = found["tables"][0]["rows"]
    assert row["paper"] == "91.74 ± 8.6"
    names = ["audionet-sex-fold0.npz", "audionet-sex-fold3.npz"]
    assert sorted(path.name for path in (trained / "models").iterdir()) == names


def test_networks_of_the_folds_can_be_examined(results: Run, trained: Path) -> None:
    options = ("--trained", str(trained), "--models", "audionet-sex", "--folds", "3")
    found = results("frequency-scaling", *options)
    assert len(found["rows"]) == 4  # all recordings of the speakers on whom that fold is tested
    assert len({row["speaker"] for row in found["rows"]}) == 2


# --- resuming, and the same numbers again --------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """A unit that writes a line to a log each time that it is done."""

    number: int
    log: str
    refuses: bool = False

    def work(self) -> UnitResult:
        with Path(self.log).open("a") as file:
            file.write(f"{self.number}\n")
        if self.refuses:
            raise ClipError("far enough")
        return {"square": self.number**2}


def test_units_that_are_done_are_not_done_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    units = [Counted(number, str(log), refuses=number == 2) for number in range(4)]
    with pytest.raises(ClipError):
        list(run(units, Parts(tmp_path / "parts"), Workers(), "counted"))
    assert log.read_text().split() == ["0", "1", "2"]
    units[2] = Counted(2, str(log))
    found = list(run(units, Parts(tmp_path / "parts"), Workers(), "counted"))
    assert [result["square"] for _, result in found] == [0, 1, 4, 9]
    assert [unit for unit, _ in found] == units
    assert log.read_text().split() == ["0", "1", "2", "2", "3"]


def test_a_damaged_part_is_done_anew(tmp_path: Path) -> None:
    unit, log = Counted(7, str(tmp_path / "log")), tmp_path / "log"
    parts = Parts(tmp_path / "parts")
    list(run([unit], parts, Workers(), "counted"))
    (file,) = (tmp_path / "parts").iterdir()
    whole = file.read_text()
    damage = [whole[:-5], whole.replace("49", "48"), whole.replace("7", "8"), "[" * 100_000]
    for times, content in enumerate(damage, 2):
        file.write_text(content)
        assert list(run([unit], parts, Workers(), "counted")) == [(unit, {"square": 49})]
        assert log.read_text().split() == ["7"] * times


def test_recordings_that_were_replaced_are_other_units(corpus: Path, tmp_path: Path) -> None:
    """Whatever their time stamps say."""
    data = tmp_path / "corpus"
    shutil.copytree(corpus, data)
    plan = ExperimentPlan(out=tmp_path, data=(data,), models=("audionet-sex",), clips=4)
    of_accuracy = replace(plan, folds=(0,))

    def found() -> list[Unit]:
        return [*frequency_scaling.units(plan)[0], *accuracy.units(of_accuracy)[0]]

    before = found()
    assert [_identity(unit) for unit in found()] == [_identity(unit) for unit in before]
    path = before[0].portion.recordings[0].path
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = found()
    assert _identity(after[0]) != _identity(before[0])
    assert _identity(after[-1]) != _identity(before[-1])
    with pytest.raises(ClipError, match="was replaced"):
        before[0].work()
    with pytest.raises(DataError, match="changed meanwhile"):
        before[-1].work()


def test_two_processes_find_what_one_finds(corpus: Path, tmp_path: Path) -> None:
    found = []
    for jobs in ("1", "2"):
        out = tmp_path / jobs
        options = ["--models", "audionet-sex", "--clips", "16", "--jobs", jobs, *SOME]
        given = ["frequency-scaling", "--data", str(corpus), "--out", str(out), *options]
        assert main(given) == 0
        found.append(json.loads((out / "results.json").read_text()))
    assert found[0] == found[1]


PORTION = Portion(
    Subject("audionet-digit", "weights/audionet-digit.npz", "ab" * 32),
    (Recording(Path("corpus/7_ann_0.wav"), 7, "ann", 0, "corpus", "female", 0.5, True, "cd" * 32),),
)


@pytest.mark.parametrize(
    ("unit", "file"),
    [
        (
            FoldTraining("alexnet", "sex", 2, ("corpus",), 60, 3, "out/models", "ef" * 32),
            "16a0c05e23924f9938bc7a89.json",
        ),
        (ComparedClips(PORTION, 3), "ca4109b929fc988ed8f6d04f.json"),
        (FlippedClips(PORTION, 3), "79854f9cb4e39cd961d688b6.json"),
        (ChangedVoices(PORTION, 3), "f71d100e1edf44e1ae61b147.json"),
        (sanity.RandomisedCascade(PORTION, 3), "c8801ac407a1a8e15347cb3e.json"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_results_kept_by_an_earlier_run_are_found(
    unit: Unit, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lrp_audio, "__version__", "0.1")
    Parts(tmp_path).keep(unit, {"kept": 1})
    assert [path.name for path in tmp_path.iterdir()] == [file]
    assert Parts(tmp_path).find(unit) == {"kept": 1}


# --- results and faults -------------------------------------------------------------------------


def test_a_table_is_markdown_with_numbers_flush_right() -> None:
    rows = [{"name": "a|b", "value": 0.12345, "none": None}, {"name": "c", "value": 12, "none": 1}]
    text = ResultTable("Title", "Read it so.", rows).markdown()
    assert "## Title\n\nRead it so.\n\n| name | value | none |\n| --- | ---: | --- |\n" in text
    assert "| a\\|b | 0.123 |  |\n| c | 12 | 1 |\n" in text


def test_results_that_cannot_be_drawn_leave_no_file(tmp_path: Path) -> None:
    def draw(figure: object) -> None:
        raise OSError("no ink")

    rows = [{"a": 1}]
    results = ExperimentResults([ResultTable("T", "R", rows)], rows, draw)
    with pytest.raises(OSError, match="no ink"):
        results.save(tmp_path, "broken", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["flipping", "--models", "alexnet-sex"], "is about audionet-digit, alexnet-digit"),
        (["flipping", "--hold-out", "99"], "no speaker '99'"),
        (["accuracy", "--models", "lenet-digit"], "nothing to train: expected --models among"),
        (["flipping", "--trained", "nowhere"], "nowhere holds no audionet-digit"),
        (["accuracy", "--folds", "7"], "nothing to train: expected --models among"),
        (["compare"], "trained on every speaker here whose digit is known"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    options: list[str],
    said: str,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    known = tmp_path / "kokoro"  # a corpus that the shipped networks are trained on
    shutil.copytree(corpus, known)
    for file in known.rglob("*_0.wav"):
        file.rename(file.with_name(file.name.replace("_0.wav", "_9.wav")))
    assert main([*options, "--data", "kokoro", "--out", "out"]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert said in error


@pytest.mark.parametrize("option", [["--seed", "-1"], ["--folds", "0", "-1"]])
def test_numbers_below_zero_are_refused(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["accuracy", "--data", "x", "--out", "y", *option])
    assert "--seed and --folds must be at least 0" in capsys.readouterr().err


def test_help_and_document_give_the_question_of_every_experiment(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    document = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")
    for name, experiment in EXPERIMENTS.items():
        assert experiment.name == name
        assert f"  {name:18} {experiment.question}\n" in shown
        assert f"| `{name}` | {experiment.question} |" in document
