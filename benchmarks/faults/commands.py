"""The commands that write, on inputs small enough to be run thousands of times."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import lrp_audio
from benchmarks.faults.archives import archive
from benchmarks.faults.kinds.foreign import classifier
from benchmarks.faults.kinds.studies import made_up_key, made_up_records
from lrp_audio.commands.run import run
from lrp_audio.data import __main__ as data
from lrp_audio.data import voices
from lrp_audio.data.layouts import META
from lrp_audio.data.public import PUBLIC
from lrp_audio.evaluate import main as evaluate
from lrp_audio.experiments.__main__ import main as experiments
from lrp_audio.explain import main as explain
from lrp_audio.layers import Dense, Flatten
from lrp_audio.model.command import main as model
from lrp_audio.models.architecture import Architecture, he_normal
from lrp_audio.models.audionet import AUDIONET
from lrp_audio.models.network import Network, chain
from lrp_audio.models.zoo import ARCHITECTURES
from lrp_audio.report import figure
from lrp_audio.study.__main__ import main as study
from lrp_audio.study.records import FOLDER as RECORDS
from lrp_audio.train import main as train
from lrp_audio.training import run as training_run

DATA = Path("..") / "data"
"""The folder of what commands read, seen from the folder in which they run."""


@dataclass(frozen=True)
class Command:
    """A command, run in a folder of its own.

    `data` makes what it reads, once, in another folder; `prepare` makes what its own folder holds
    at first. `run` gets whether it goes on after a fault, and returns the exit code. `states` are
    files that tell how far the command has come, and so differ until it has succeeded. `service`
    runs beside it.
    """

    name: str
    run: Callable[[bool], int]
    data: Callable[[Path], object] = lambda folder: None
    prepare: Callable[[Path], object] = lambda folder: None
    states: tuple[str, ...] = ()
    service: Callable[[Path], "Iterator[None]"] | None = None


# --- explain, evaluate, figures -------------------------------------------------------------------


def _clips(folder: Path) -> None:
    (folder / "clips").mkdir()
    for digit, sex in ((7, "male"), (3, "female")):
        target = folder / "clips" / f"{digit}_ann_0.wav"
        shutil.copyfile(lrp_audio.example(f"{digit}_{sex}"), target)


def _explain(again: bool) -> int:
    options = ["--out", "out", "--batch", "1", "--threads", "1", *(["--resume"] if again else [])]
    return explain([str(DATA / "clips"), *options])


def _evaluate(again: bool) -> int:
    options = ["--json", "figures.json", "--threads", "1"]
    return evaluate(["--data", str(DATA / "clips"), "--model", "audionet-digit", *options])


@cache
def _explanation() -> lrp_audio.Explanation:
    return lrp_audio.load("audionet-digit").explain(lrp_audio.example("7_male"))


def _figure(again: bool) -> int:
    def body() -> int:
        for suffix in ("pdf", "svg", "png"):
            figure.save(f"seven.{suffix}", _explanation(), "waveform")
        return 0

    return run(body, "try again")


# --- training -------------------------------------------------------------------------------------


def _shapes(classes: int) -> dict[str, tuple[int, ...]]:
    return {"fc.weight": (classes, AUDIONET.front.length or 0), "fc.bias": (classes,)}


LINEAR = Architecture(
    "linear",
    AUDIONET.front,
    _shapes,
    lambda p: Network(
        chain([("flatten", Flatten()), ("fc", Dense(p["fc.weight"], p["fc.bias"]))]),
        AUDIONET.front.shape,
    ),
    lambda classes, rng: he_normal(_shapes(classes), lambda name: 1.0, rng),
    lambda parameters, inputs: parameters,
    AUDIONET.recipes,
)
"""A single layer: the checkpoints of the published networks take seconds to write."""


def _train(again: bool) -> int:
    ARCHITECTURES.setdefault(LINEAR.name, LINEAR)
    training_run._SECONDS_BETWEEN_CHECKPOINTS = 0.0
    length = ["--steps", "6", "--batch", "2", "--threads", "1"]
    what = ["--model", "linear", "--task", "digit", "--data", str(DATA / "digits")]
    return train([*what, *length, "--out", "my.npz"])


def _digits(folder: Path) -> None:
    (folder / "digits").mkdir()
    for digit in range(3):
        for index in (0, 7):  # one to test on, and one to train on
            target = folder / "digits" / f"{digit}_ann_{index}.wav"
            shutil.copyfile(lrp_audio.example(f"{digit}_female"), target)


# --- experiments ----------------------------------------------------------------------------------


def _experiments(again: bool) -> int:
    what = ["--data", str(DATA / "corpus"), "--models", "audionet-digit", "--hold-out", "01", "02"]
    how = ["--clips", "1", "--quick", "--threads", "1", "--out", "out"]
    return experiments(["flipping", *what, *how])


def _speakers(folder: Path) -> None:
    """Two speakers in AudioMNIST's layout."""
    meta = {}
    for number, sex in enumerate(("female", "male"), 1):
        speaker = f"{number:02}"
        meta[speaker] = {"gender": sex}
        home = folder / "corpus" / "data" / speaker
        home.mkdir(parents=True)
        for digit in (2, 7):
            source = lrp_audio.example(f"{digit}_{sex}")
            shutil.copyfile(source, home / f"{digit}_{speaker}_0.wav")
    (folder / "corpus" / META).write_text(json.dumps(meta))


# --- the study ------------------------------------------------------------------------------------


def _build(again: bool) -> int:
    return study(["build", "--out", "study", "--clips", "4", "--cdn", "--threads", "1"])


def _simulate(again: bool) -> int:
    truth = ["--seen", "0.4", "--heard", "0.6"]
    return study(["simulate", *truth, "--participants", "4", "--into", "study"])


def _analyse(again: bool) -> int:
    return study(["analyse", "study"])


def _key(folder: Path) -> None:
    (folder / "study" / RECORDS).mkdir(parents=True)
    made_up_key().save(folder / "study")


def _key_and_records(folder: Path) -> None:
    _key(folder)
    for number, content in enumerate(made_up_records()):
        (folder / "study" / RECORDS / f"{number}.json").write_text(json.dumps(content))


# --- model check, data ----------------------------------------------------------------------------


def _check(again: bool) -> int:
    return model(["check", "net", "--write"])


def _network(folder: Path) -> None:
    (folder / "net").mkdir()
    (folder / "net" / "model.onnx").write_bytes(classifier().SerializeToString())


def _download(again: bool) -> int:
    PUBLIC["fsdd"] = replace(PUBLIC["fsdd"], speakers=1, repetitions=1, largest=1_000_000)
    url = (DATA / "url").read_text()
    return data.main(["download", "fsdd", "fsdd", "--from", url])


def _archive(folder: Path) -> None:
    clips = (lrp_audio.example(f"{digit}_male") for digit in range(10))
    members = {f"fsdd-1/recordings/{p.stem[0]}_jackson_0.wav": p.read_bytes() for p in clips}
    (folder / "corpus.zip").write_bytes(archive({"fsdd-1/README.md": b"CC"} | members))


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    """A web server for the files in `folder`, in a process of its own; ``url`` there says where."""
    code = (
        "import functools, http.server as h, sys\n"
        "handler = functools.partial(h.SimpleHTTPRequestHandler, directory=sys.argv[1])\n"
        "server = h.ThreadingHTTPServer(('127.0.0.1', 0), handler)\n"
        "print(server.server_port, flush=True)\n"
        "server.serve_forever()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            (folder / "url").write_text(f"http://127.0.0.1:{port}/corpus.zip")
            yield
        finally:
            process.kill()


def _voices(again: bool) -> int:
    return voices.main(["voices", "--count-per-digit", "1"])


def _installed(*programs: str) -> bool:
    return all(shutil.which(program) for program in programs)


_ALL: Sequence[Command] = (
    Command("explain --resume", _explain, _clips, states=("out/results.csv", "out/report.html")),
    Command("evaluate --json", _evaluate, _clips),
    Command("report.figure.save", _figure),
    Command("train", _train, _digits, states=("my.npz.checkpoint",)),
    Command("experiments", _experiments, _speakers),
    Command("study build", _build),
    Command("study simulate --into", _simulate, prepare=_key),
    Command("study analyse", _analyse, prepare=_key_and_records),
    Command("model check --write", _check, prepare=_network),
    Command(
        "data download",
        _download,
        _archive,
        states=("fsdd/fsdd.zip", "fsdd/fsdd.zip.part", "fsdd/fsdd.zip.etag"),
        service=_server,
    ),
    Command("data.voices", _voices),
)
COMMANDS = {
    command.name: command
    for command in _ALL
    if command.name != "data.voices" or _installed("espeak-ng", "flite")
}
"""The commands by name; without that which needs speech synthesisers, where these are missing."""
