"""Output that nobody reads, or that cannot be written, ends no work half-way."""

import io
import logging
import os
import signal
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from command_line import FILES, buffered, command, corpus, example, results

from lrp_audio.commands.output import lasting_output
from lrp_audio.commands.run import run
from lrp_audio.errors import ClipError

pytestmark = pytest.mark.slow

FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


def without_reader() -> int:
    """The end of a pipe that is written to and that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize(
    "given",
    [
        ("explain", "--list-rules"),
        ("explain", "--help"),
        ("report.catalogue",),
        ("study", "build", "--help"),
        ("data.voices", "--help"),
    ],
    ids=" ".join,
)
def test_text_that_nobody_reads_is_no_error(given: tuple[str, ...], tmp_path: Path) -> None:
    name, *arguments = given
    writer = without_reader()
    process = command(name, *arguments, folder=tmp_path, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert process.communicate(timeout=60) == (None, "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("streams", "jobs"), [(("stdout",), "1"), (("stderr",), "1"), (("stdout", "stderr"), "2")]
)
def test_files_are_finished_though_nobody_reads(
    streams: tuple[str, ...], jobs: str, tmp_path: Path
) -> None:
    """With a clip that cannot be read, so that both streams are written to.

    Workers write to neither; they have both, which are closed in the last case.
    """
    writer = without_reader()
    given = [example(3, "male"), example(4, "female"), "missing.wav", "--jobs", jobs]
    process = command("explain", *given, folder=tmp_path, **dict.fromkeys(streams, writer))
    os.close(writer)
    assert process.wait(120) == 2  # for the missing clip
    assert results(tmp_path / "lrp_out", besides=["report.html", "results.csv"]) == {
        "3_male": FILES,
        "4_female": FILES,
    }


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_may_be_closed_from_the_start(closed: str, tmp_path: Path) -> None:
    corpus(tmp_path / "digits")
    given = ["evaluate", "--data", "digits", "--json", "figures.json"]
    shell = f'"$0" -m "lrp_audio.$1" "$2" "$3" "$4" "$5" {closed}'
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable, *given],
        cwd=tmp_path,
        env=buffered(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert (tmp_path / "figures.json").read_text().startswith("{")


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    code = """
from lrp_audio.commands.output import lasting_output
with lasting_output(), open("a.txt", "w") as file:
    file.write(str(file.fileno()))
"""
    shell = '"$0" -c "$1" <&- >&- 2>&-'
    subprocess.run(["sh", "-c", shell, sys.executable, code], cwd=tmp_path, check=True)
    assert int((tmp_path / "a.txt").read_text()) > 2


@full_disk
@pytest.mark.parametrize("name", ["explain", "report.catalogue"])
def test_output_that_is_lost_is_an_error_at_the_end(name: str, tmp_path: Path) -> None:
    with FULL.open("w") as full:
        process = command(name, folder=tmp_path, stdout=full, stderr=subprocess.PIPE)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.splitlines()[-1] == (
        "error: The output cannot be written (No space left on device)."
    )
    assert "Traceback" not in said and "Exception ignored" not in said
    if name == "explain":
        assert results(tmp_path / "lrp_out") == {"7_female": FILES}


def test_what_an_encoding_lacks_is_escaped_and_the_stream_is_given_back() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with redirect_stdout(stream):
        with lasting_output():
            print("sieben é \udcff")
        assert sys.stdout is stream
    stream.flush()
    assert raw.getvalue() == b"sieben \\xe9 \\udcff\n"


def test_whatever_is_printed_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def body() -> int:
        print("\x1b]0;title\x07 \u202etxt.wav\u2028\x9b2J\tcell\r\nZo\xeb 語")
        print("\x1b[A\x1b[8m", file=sys.stderr)  # the first is how tqdm moves up
        record = logging.makeLogRecord({"msg": "of \x1b[2Ja\x07.wav"})
        logging.StreamHandler().emit(record)  # as the last resort of logging prints it
        return 0

    assert run(body, "try again") == 0
    out, err = capsys.readouterr()
    assert out == ("\\x1b]0;title\\x07 \\u202etxt.wav\\u2028\\x9b2J\tcell\r\nZo\xeb 語\n")
    assert err == "\x1b[A\\x1b[8m\nof \\x1b[2Ja\\x07.wav\n"


def test_a_stream_that_was_closed_takes_what_is_written_in_silence() -> None:
    stream = io.StringIO()
    stream.close()
    with redirect_stdout(stream):
        assert run(lambda: print("lost") or 0, "try again") == 0


# --- how a command ends --------------------------------------------------------------------------


def fails(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ClipError("a\x1b[31m.wav is silent."), 2, "error: a\\x1b[31m.wav is silent.\n"),
        (
            PermissionError(13, "Permission denied", "b\n.wav"),
            2,
            "error: b\\n.wav cannot be used (Permission denied): mend that; try again.\n",
        ),
        (
            OSError(28, "No space left on device"),
            2,
            "error: A file cannot be used (No space left on device): mend that; try again.\n",
        ),
        (MemoryError(), 2, "error: The memory does not do: ask for less at once; try again.\n"),
        (KeyboardInterrupt(), 130, "\nStopped; try again.\n"),
    ],
)
def test_an_error_is_a_line_and_a_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(lambda: fails(error), "try again") == code
    assert capsys.readouterr() == ("", said)


def test_an_error_that_ctrl_c_was_turned_into_is_a_stop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As modules written in C do while they load, and programs that were started."""

    def interrupted() -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise ImportError("could not be loaded") from error
        return 0

    before = signal.getsignal(signal.SIGINT)
    assert run(interrupted, "try again") == 130
    assert capsys.readouterr().err == "\nStopped; try again.\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: fails(ZeroDivisionError()), "try again")
