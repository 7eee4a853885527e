"""Downloading a corpus: whole or not at all, whatever the server and the archive do."""

import io
import json
import random
import re
import shutil
import signal
import stat
import struct
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from server import Answer, Server, serving

from lrp_audio.data.__main__ import main
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.download import download
from lrp_audio.data.fetch import RetryPolicy
from lrp_audio.data.layouts import META
from lrp_audio.data.public import PUBLIC
from lrp_audio.errors import DataError

POLICY = RetryPolicy(timeout=1.0, attempts=3, backoff=0.001)
FSDD = replace(PUBLIC["fsdd"], speakers=2, repetitions=1, largest=1_000_000)
AUDIOMNIST = replace(PUBLIC["audiomnist"], speakers=3, repetitions=2, largest=1_000_000)
COMMENT = b"the commit, as GitHub writes it"
SEXES = {"01": ("male", 30), "12": ("female", "28"), "45": ("male", "1234")}


def sound(samples: int = 4000, seed: int = 0) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, samples)
    soundfile.write(file, noise, 8000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def zipped(members: Mapping[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = COMMENT
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def fsdd_members() -> dict[str | zipfile.ZipInfo, bytes]:
    return {
        "fsdd-1.0/README.md": b"CC BY-SA 4.0",
        "fsdd-1.0/metadata.py": b"raise SystemExit",
        "fsdd-1.0/recordings/.hidden.wav": b"",
        **{
            f"fsdd-1.0/recordings/{digit}_{speaker}_0.wav": sound(seed=digit)
            for speaker in ("jackson", "theo")
            for digit in range(10)
        },
    }


def audiomnist_members() -> dict[str | zipfile.ZipInfo, bytes]:
    meta = {
        speaker: {"gender": sex, "age": age, "accent": "français", "native speaker": "no"}
        for speaker, (sex, age) in SEXES.items()
    }
    return {
        "AudioMNIST-master/LICENSE": b"MIT",
        "AudioMNIST-master/preprocess_data.py": b"",
        f"AudioMNIST-master/data/{META}": json.dumps(meta, ensure_ascii=False).encode(),
        "AudioMNIST-master/data/45/notes.txt": b"",
        **{
            f"AudioMNIST-master/data/{speaker}/{digit}_{speaker}_{index}.wav": sound(800)
            for speaker in SEXES
            for digit in range(10)
            for index in (0, 49)
        },
    }


ARCHIVE = zipped(fsdd_members())  # about 160 kB, more than two of the blocks that are read at once
HALF = len(ARCHIVE) // 2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as found:
        yield found


def get(server: Server, folder: Path, *answers: Answer) -> bool:
    server.answers = list(answers)
    return download(FSDD, folder, server.url, POLICY)


def refused(server: Server, folder: Path, *answers: Answer) -> str:
    """What a download says that fails; no recording may be seen then."""
    with pytest.raises(DataError) as error:
        get(server, folder, *answers)
    assert not list(folder.rglob("*.wav"))
    return str(error.value)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_whole(folder: Path) -> bool:
    """Whether the corpus is there, with its licence, and nothing else."""
    wanted = {Path(str(name)).name for name in fsdd_members()}
    same = (folder / "recordings" / "7_theo_0.wav").read_bytes() == sound(seed=7)
    return (
        same
        and set(listed(folder / "recordings")) == wanted - {"metadata.py", ".hidden.wav"}
        and listed(folder) == ["recordings"]
    )


def ranges(server: Server) -> list[str | None]:
    return [request["Range"] for request in server.requests]


# --- what a good server gives -------------------------------------------------------------------


def test_the_archive_that_a_kill_left_beside_the_whole_corpus_is_removed(
    server: Server, tmp_path: Path
) -> None:
    assert get(server, tmp_path, Answer(ARCHIVE))
    (tmp_path / "fsdd.zip").write_bytes(ARCHIVE)
    assert not get(server, tmp_path, Answer(status=404))
    assert is_whole(tmp_path)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_corpus_is_fetched_unpacked_and_left_alone_from_then_on(
    chunked: bool, server: Server, tmp_path: Path
) -> None:
    assert get(server, tmp_path / "new" / "fsdd", Answer(ARCHIVE, chunked=chunked))
    assert is_whole(tmp_path / "new" / "fsdd")
    assert not get(server, tmp_path / "new" / "fsdd", Answer(status=404))
    assert len(server.requests) == 1


def test_audiomnist_is_read_with_its_speakers_whatever_their_age(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [Answer(zipped(audiomnist_members()))]
    assert download(AUDIOMNIST, tmp_path / "mnist", server.url, POLICY)
    found = find_recordings([tmp_path / "mnist"])
    assert len(found) == 60
    assert {(r.who, r.sex) for r in found} == {
        ("mnist/01", "male"),
        ("mnist/12", "female"),
        ("mnist/45", "male"),
    }
    assert set(listed(tmp_path / "mnist" / "data")) == {"LICENSE", META, *SEXES}
    assert not (tmp_path / "mnist" / "data" / "45" / "notes.txt").exists()


def test_the_command_puts_the_published_corpus_in_place(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = sound(800)
    names = [
        f"a/recordings/{digit}_{speaker}_{index}.wav"
        for speaker in ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
        for digit in range(10)
        for index in range(50)
    ]
    server.answers = [Answer(zipped(dict.fromkeys(names, content)))]
    command = ["download", "fsdd", str(tmp_path / "fsdd"), "--from", server.url]
    assert main(command) == 0
    assert main(command) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert (
        first
        == f"3000 recordings of 6 speakers in {tmp_path}/fsdd/recordings, licence CC BY-SA 4.0"
    )
    assert second == f"{first}; they were there already"
    assert len(server.requests) == 1


def test_an_archive_that_lies_there_is_not_fetched(server: Server, tmp_path: Path) -> None:
    (tmp_path / "fsdd.zip").write_bytes(ARCHIVE)
    assert get(server, tmp_path, Answer(status=404))
    assert is_whole(tmp_path)
    assert server.requests == []


# --- servers that fail, and go on ---------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        Answer(ARCHIVE, sent=HALF),
        Answer(ARCHIVE, sent=HALF, chunked=True),
        Answer(ARCHIVE, sent=HALF, then=lambda: None),
    ],
    ids=["breaks off", "breaks off between chunks", "stalls"],
)
def test_what_has_come_is_not_fetched_again(broken: Answer, server: Server, tmp_path: Path) -> None:
    assert get(server, tmp_path, broken, Answer(ARCHIVE))
    assert is_whole(tmp_path)
    first, second = ranges(server)
    assert first is None
    assert second is not None
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-")) <= HALF
    assert server.requests[1]["If-Range"] == '"first"'


def test_the_next_call_goes_on_where_the_last_one_gave_up(server: Server, tmp_path: Path) -> None:
    said = refused(server, tmp_path, Answer(ARCHIVE, sent=HALF), Answer(status=503))
    assert said.startswith(f"{server.url} could not be fetched: the server answers 503. ")
    assert len(server.requests) == 1 + POLICY.attempts - 1
    assert get(server, tmp_path, Answer(ARCHIVE))
    assert is_whole(tmp_path)
    assert ranges(server)[-1] is not None


def test_tries_that_bring_something_new_are_not_counted(server: Server, tmp_path: Path) -> None:
    pieces = [Answer(ARCHIVE, sent=n) for n in (70_000, 0, 70_000, 0)]
    assert get(server, tmp_path, *pieces, Answer(ARCHIVE))
    assert is_whole(tmp_path)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_is_asked_again(status: int, server: Server, tmp_path: Path) -> None:
    assert get(server, tmp_path, Answer(status=status), Answer(status=status), Answer(ARCHIVE))
    assert is_whole(tmp_path)


def test_each_new_attempt_is_announced_with_its_reason_and_pause(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [Answer(status=503), Answer(ARCHIVE, sent=0), Answer(ARCHIVE)]
    said: list[str] = []
    assert download(FSDD, tmp_path, server.url, POLICY, said.append)
    first, second = said
    assert first == "the server answers 503; trying again in 0.001 s"
    assert second.endswith("; trying again in 0.002 s")


@pytest.mark.parametrize(
    "second",
    [
        Answer(ARCHIVE, ranges=False),
        Answer(ARCHIVE, etag='"second"'),
        Answer(ARCHIVE, etag='W/"first"'),
    ],
    ids=["no ranges", "another version", "weakly the same"],
)
def test_the_file_is_fetched_anew_where_the_server_cannot_go_on(
    second: Answer, server: Server, tmp_path: Path
) -> None:
    other = zipped({**fsdd_members(), "fsdd-1.0/README.md": b"changed"})
    assert get(server, tmp_path, Answer(other, sent=HALF), second)
    assert is_whole(tmp_path)
    assert (tmp_path / "recordings" / "README.md").read_bytes() == b"CC BY-SA 4.0"


@pytest.mark.parametrize("etag", ["", 'W/"first"', '"a\tb"'])
def test_bytes_of_an_unknown_version_are_fetched_anew(
    etag: str, server: Server, tmp_path: Path
) -> None:
    assert get(server, tmp_path, Answer(ARCHIVE, sent=HALF, etag=etag), Answer(ARCHIVE))
    assert is_whole(tmp_path)
    assert ranges(server) == [None, None]


def test_a_version_that_nobody_wrote_down_whole_is_fetched_anew(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "fsdd.zip.part").write_bytes(ARCHIVE[:HALF])
    (tmp_path / "fsdd.zip.etag").write_text('"fir')
    assert get(server, tmp_path, Answer(ARCHIVE))
    assert ranges(server) == [None]


def test_a_server_that_goes_on_with_another_version_is_found_out(
    server: Server, tmp_path: Path
) -> None:
    class Liar(str):
        """An ETag that is equal to any that the client names."""

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    changed = Answer(ARCHIVE, etag=Liar('"second"'))
    assert get(server, tmp_path, Answer(ARCHIVE[::-1], sent=HALF), changed)
    assert is_whole(tmp_path)
    assert [r is None for r in ranges(server)] == [True, False, True]


def test_a_file_that_has_shrunk_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    long = ARCHIVE + bytes(len(ARCHIVE))
    assert get(server, tmp_path, Answer(long, sent=len(ARCHIVE) + 1000), Answer(ARCHIVE))
    assert is_whole(tmp_path)


def test_a_file_that_is_longer_than_announced_is_fetched_to_its_end(
    server: Server, tmp_path: Path
) -> None:
    assert get(server, tmp_path, Answer(ARCHIVE, length=HALF), Answer(ARCHIVE))
    assert is_whole(tmp_path)
    assert ranges(server) == [None, f"bytes={HALF}-"]


def test_ctrl_c_keeps_what_has_come_and_says_how_to_go_on(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_thread = threading.main_thread().ident
    assert main_thread is not None

    def press() -> None:
        while not part.exists() or part.stat().st_size == 0:
            time.sleep(0.01)
        signal.pthread_kill(main_thread, signal.SIGINT)

    part = tmp_path / "fsdd.zip.part"
    server.answers = [Answer(ARCHIVE, sent=HALF, then=press)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a runner may ignore it
    try:
        assert main(["download", "fsdd", str(tmp_path), "--from", server.url]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "give the same command again to go on" in capsys.readouterr().err
    assert ARCHIVE.startswith(part.read_bytes())
    assert get(server, tmp_path, Answer(ARCHIVE))
    assert is_whole(tmp_path)
    assert ranges(server)[-1] is not None


# --- servers that fail for good, and lie --------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(ARCHIVE, sent=1000, length=2 * len(ARCHIVE)), "the connection failed"),
        (Answer(ARCHIVE, length=2 * len(ARCHIVE)), "the connection failed|no longer what it was"),
        (Answer(ARCHIVE, length=HALF, etag=""), "what came is not a whole ZIP archive"),
        (Answer(ARCHIVE, sent=HALF, length=0, etag=""), "what came is not a whole ZIP archive"),
        (
            Answer(b"<html>Please log in</html>", etag='"login"'),
            "what came is not a whole ZIP archive",
        ),
        (Answer(ARCHIVE, sent=0, then=lambda: None), "nothing came for 1 s"),
        (Answer(b"busy", status=503), "the server answers 503"),
    ],
)
def test_a_server_that_fails_again_and_again_is_one_sentence(
    answer: Answer, said: str, server: Server, tmp_path: Path
) -> None:
    sentence = refused(server, tmp_path, answer)
    assert sentence.startswith(f"{server.url} could not be fetched: ")
    assert any(part in sentence for part in said.split("|"))
    assert len(server.requests) <= 2 * POLICY.attempts
    assert get(server, tmp_path, Answer(ARCHIVE))
    assert is_whole(tmp_path)


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with serving() as gone:
        url = gone.url
    with pytest.raises(DataError, match=r"could not be fetched: the connection failed \(New"):
        download(FSDD, tmp_path, url, POLICY)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_not_there_is_asked_for_once(
    status: int, server: Server, tmp_path: Path
) -> None:
    said = refused(server, tmp_path, Answer(status=status))
    assert f"the server answers {status}: see in a browser" in said
    assert "--from" in said
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(length=2 * FSDD.largest, sent=0, then=lambda: None),
        Answer(bytes(3 * FSDD.largest), chunked=True, sent=2 * FSDD.largest, then=lambda: None),
    ],
    ids=["says so", "does not end"],
)
def test_no_more_is_read_of_a_file_that_is_too_large(
    answer: Answer, server: Server, tmp_path: Path
) -> None:
    assert "is larger than 1 MB, which the corpus is not" in refused(server, tmp_path, answer)
    assert not (tmp_path / "fsdd.zip.part").exists()


def test_a_file_for_which_the_disk_has_no_room_is_not_begun(server: Server, tmp_path: Path) -> None:
    server.answers = [Answer(ARCHIVE, length=10**15)]
    vast = replace(FSDD, largest=10**16)
    with pytest.raises(OSError, match=r"1,000,000,000 MB are needed and [\d,]+ MB free"):
        download(vast, tmp_path, server.url, POLICY)
    assert not (tmp_path / "fsdd.zip.part").exists()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/a.zip", "corpus.zip", "http://", "http://[::"]
)
def test_only_addresses_on_the_web_are_asked(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["download", "fsdd", str(tmp_path), "--from", url]) == 2
    error = f"error: {url} does not lead to a file on the web: give an address that begins with "
    assert capsys.readouterr().err == f"{error}https:// or http://.\n"


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/a.zip", "/corpus.zip"])
def test_nor_are_those_that_a_server_points_to(
    location: str, server: Server, tmp_path: Path
) -> None:
    said = refused(server, tmp_path, Answer(status=302, location=location))
    assert "does not lead to a file on the web" in said


# --- archives that are not what they should be --------------------------------------------------


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def packed(name: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    return info


ONE = "fsdd-1.0/recordings/3_theo_0.wav"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("../evil.wav", b"", "a path that leads out of it, '../evil.wav'"),
        ("a/recordings/../../../evil.wav", b"", "a path that leads out of it"),
        ("a\\..\\..\\evil.wav", b"", "a path that leads out of it"),
        ("/tmp/evil.wav", b"", "a path that leads out of it"),
        ("\\\\host\\share\\evil.wav", b"", "a path that leads out of it"),
        ("C:evil.wav", b"", "a path that leads out of it"),
        (link(ONE), b"/etc/passwd", "a file that is a link or a device"),
        ("other/recordings/3_theo_0.wav", b"", "a file that comes twice"),
        (packed(ONE, zipfile.ZIP_LZMA), sound(), "a file packed in an unusual way"),
        (packed(ONE, zipfile.ZIP_DEFLATED), bytes(9_000_000), "a file of more than 8 MB"),
    ],
)
def test_an_archive_that_no_honest_program_makes_is_refused(
    name: str | zipfile.ZipInfo, content: bytes, said: str, server: Server, tmp_path: Path
) -> None:
    members = fsdd_members()
    if isinstance(name, zipfile.ZipInfo):
        del members[ONE]
    folder = tmp_path / "a" / "b"
    archive = zipped({**members, name: content})
    sentence = refused(server, folder, Answer(archive))
    assert sentence.startswith(f"{folder / 'fsdd.zip'} has {said}")
    assert sentence.endswith(
        f"Nothing was put in place; remove {folder / 'fsdd.zip'} to fetch it anew, or unpack it "
        "yourself to use it as it is."
    )
    assert listed(folder) == ["fsdd.zip"]
    assert not list(tmp_path.rglob("evil*"))


def test_links_elsewhere_in_an_archive_are_not_followed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    away = {link("fsdd-1.0/recordings"): str(tmp_path / "outside").encode()}
    assert get(server, tmp_path / "fsdd", Answer(zipped({**away, **fsdd_members()})))
    assert is_whole(tmp_path / "fsdd")
    assert listed(tmp_path / "outside") == []


def test_many_files_that_are_together_too_large_are_refused(server: Server, tmp_path: Path) -> None:
    bombs: dict[str | zipfile.ZipInfo, bytes] = {
        packed(f"a/recordings/{digit}_bomb_0.wav", zipfile.ZIP_DEFLATED): bytes(900_000)
        for digit in range(10)
    }
    said = refused(server, tmp_path, Answer(zipped(bombs)))
    assert "would unpack to 9 MB, but the corpus has at most 1 MB" in said


def test_a_size_that_lies_is_not_believed(server: Server, tmp_path: Path) -> None:
    members = fsdd_members()
    del members[ONE]
    bomb = bytearray(zipped({**members, packed(ONE, zipfile.ZIP_DEFLATED): bytes(5_000_000)}))
    entry = bomb.rfind(b"PK\1\2")
    bomb[entry + 24 : entry + 28] = struct.pack("<I", 8044)
    assert "fsdd.zip is damaged" in refused(server, tmp_path, Answer(bytes(bomb)))


def test_a_list_of_members_that_would_fill_the_memory_is_not_read(
    server: Server, tmp_path: Path
) -> None:
    length = 33_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, length, 0, 0)
    server.answers = [Answer(bytes(length) + end)]
    with pytest.raises(DataError, match="its list of members is too long"):
        download(replace(FSDD, largest=10**8), tmp_path, server.url, POLICY)


def test_an_encrypted_archive_is_refused(server: Server, tmp_path: Path) -> None:
    locked = bytearray(ARCHIVE)
    locked[locked.rfind(b"PK\1\2") + 8] |= 1
    assert "has a file that is encrypted" in refused(server, tmp_path, Answer(bytes(locked)))


def patched(changes: Mapping[int, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of one recording, overwritten here and there.

    A place is counted from where the list of members begins, with its only entry.
    """
    damaged = bytearray(zipped({packed(ONE, method): bytes(5000)}))
    entry = damaged.rindex(b"PK\1\2")
    for place, content in changes.items():
        damaged[entry + place : entry + place + len(content)] = content
    return bytes(damaged)


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (patched({6: b"\xff"}), "is damaged (zip file version"),
        (patched({16: b"\xff\xff\xff\xff"}), "is damaged (Bad CRC-32"),
        # Later versions of Python notice that such a file reaches into the archive's list.
        (
            patched({20: b"\0\0\1\0\0\0\1\0"}, zipfile.ZIP_STORED),
            ("is damaged (it ends too early)", "is damaged (Overlapped entries"),
        ),
        (patched({42: b"\xff"}), "is damaged (Truncated file header"),
        (patched({46: b"F"}), "is damaged (File name in directory"),
        (patched({8: b"\0\x08", 46: b"\xff"}), "is damaged ('utf-8' codec"),
        (patched({-20: b"\xff" * 20}), "is damaged (Error -3 while decompressing"),
        (patched({46 + len(ONE) + 16: b"\xff"}), "has a file that lies nowhere"),
    ],
    ids=["version", "checksum", "size", "place", "name", "letter", "content", "list"],
)
def test_a_damaged_archive_is_refused(
    damaged: bytes, said: str | tuple[str, ...], server: Server, tmp_path: Path
) -> None:
    text = refused(server, tmp_path, Answer(damaged))
    assert text.removeprefix(f"{tmp_path}/fsdd.zip ").startswith(said)
    assert listed(tmp_path) == ["fsdd.zip"]


@pytest.mark.parametrize("name", ["a/../" + "n" * 60_000, "C:" + "é" * 20_000])
def test_a_very_long_name_is_quoted_in_part(name: str, server: Server, tmp_path: Path) -> None:
    said = refused(server, tmp_path, Answer(zipped({name: b"", **fsdd_members()})))
    assert "leads out of it" in said
    assert len(said.replace(str(tmp_path), "")) < 400


def test_a_member_without_a_name_is_left_out(server: Server, tmp_path: Path) -> None:
    # The list of members gives its only letter no length; the file itself keeps it.
    nameless = bytearray(zipped({"x": b"", **fsdd_members()}))
    entry = nameless.index(b"PK\1\2")
    nameless[entry + 28 : entry + 32] = struct.pack("<HH", 0, 1)
    assert zipfile.ZipFile(io.BytesIO(bytes(nameless))).namelist()[0] == ""
    get(server, tmp_path, Answer(bytes(nameless)))
    assert is_whole(tmp_path)


def test_a_header_that_continues_into_the_recording_is_quoted_in_part(
    server: Server, tmp_path: Path
) -> None:
    damaged = bytearray(zipped({packed(ONE, zipfile.ZIP_STORED): bytes(range(256)) * 200}))
    damaged[26:28] = struct.pack("<H", 50_000)  # the length of the name before the content
    said = refused(server, tmp_path, Answer(bytes(damaged)))
    assert "is damaged (File name in directory" in said
    assert len(said.replace(str(tmp_path), "")) < 400


def test_no_damage_is_more_than_a_sentence(tmp_path: Path) -> None:
    archive, rng = tmp_path / "fsdd.zip", random.Random(0)
    small = zipped({name: content[:60] for name, content in fsdd_members().items()})
    for _ in range(100):
        damaged = bytearray(small)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        archive.write_bytes(damaged)
        with pytest.raises(DataError, match=r"fsdd\.zip"):
            download(FSDD, tmp_path, policy=POLICY)
        assert listed(tmp_path) == ["fsdd.zip"]


# --- archives that are not the whole corpus -----------------------------------------------------


def without(*names: str) -> dict[str | zipfile.ZipInfo, bytes]:
    return {k: v for k, v in fsdd_members().items() if not any(name in str(k) for name in names)}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (without("theo"), "1 speakers instead of 2."),
        (without("7_theo"), "0 recordings instead of 1 of speaker theo saying 7."),
        (
            {**fsdd_members(), "a/recordings/7_theo_1.wav": sound()},
            "2 recordings instead of 1 of speaker theo saying 7.",
        ),
        (
            without("0_", "1_", "2_"),
            "0 recordings instead of 1 of speaker jackson saying 0, "
            "0 recordings instead of 1 of speaker jackson saying 1, "
            "0 recordings instead of 1 of speaker jackson saying 2 and 3 more.",
        ),
        ({**fsdd_members(), ONE: b""}, "3_theo_0.wav is no whole sound."),
        ({**fsdd_members(), ONE: sound()[:-9]}, "3_theo_0.wav is no whole sound."),
        ({**fsdd_members(), ONE: sound(200)}, "3_theo_0.wav is 0.03 s long."),
        ({**fsdd_members(), ONE: sound(90_000)}, "3_theo_0.wav is 11.25 s long."),
    ],
)
def test_an_archive_that_lacks_something_is_not_put_in_place(
    members: dict[str | zipfile.ZipInfo, bytes], said: str, server: Server, tmp_path: Path
) -> None:
    sentence = refused(server, tmp_path, Answer(zipped(members)))
    beginning = (
        f"{tmp_path}/fsdd.zip/recordings is not the whole fsdd corpus: {said} Nothing was put"
    )
    assert sentence.startswith(beginning)
    assert listed(tmp_path) == ["fsdd.zip"]


def test_an_archive_of_something_else_is_refused(server: Server, tmp_path: Path) -> None:
    said = refused(server, tmp_path, Answer(zipped(without("recordings"))))
    assert said.startswith(f"{tmp_path}/fsdd.zip/recordings holds no recordings; expected files ")


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        (b"{}", "the sex of speaker 01 is not stated, the sex of speaker 12 is not stated"),
        (b"{", f"{META} is not JSON"),
    ],
)
def test_audiomnist_must_say_who_speaks(
    meta: bytes, said: str, server: Server, tmp_path: Path
) -> None:
    server.answers = [
        Answer(zipped({**audiomnist_members(), f"AudioMNIST-master/data/{META}": meta}))
    ]
    with pytest.raises(DataError, match=said):
        download(AUDIOMNIST, tmp_path, server.url, POLICY)


def test_what_stands_in_the_way_is_left_alone(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, Answer(ARCHIVE))
    (tmp_path / "recordings" / "7_theo_0.wav").unlink()
    with pytest.raises(DataError, match=rf"not the whole .* Move {tmp_path}/recordings away"):
        get(server, tmp_path, Answer(ARCHIVE))
    assert len(server.requests) == 1
    assert len(list(tmp_path.rglob("*.wav"))) == 19


def test_what_a_killed_download_left_is_no_corpus_and_is_cleared_away(
    server: Server, tmp_path: Path
) -> None:
    get(server, tmp_path, Answer(ARCHIVE))
    shutil.move(tmp_path / "recordings", tmp_path / ".abcd1234.partial" / "recordings")
    (tmp_path / ".abcd1234.partial" / META).write_text("{")
    with pytest.raises(DataError, match="holds no recordings"):
        find_recordings([tmp_path])
    assert get(server, tmp_path, Answer(ARCHIVE))
    assert is_whole(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fsdd").touch()
    assert main(["download", "fsdd", str(tmp_path / "fsdd")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {tmp_path}/fsdd cannot be used (File exists): mend that")


def test_the_document_says_what_is_so() -> None:
    text = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
    assert f"nothing comes for {RetryPolicy().timeout:g} s" in text
    for corpus in PUBLIC.values():
        count = f"{corpus.speakers * 10 * corpus.repetitions:,} recordings"
        home = re.escape(corpus.url.partition("/archive/")[0])
        assert re.search(rf"^\| .*{home}.* {count} .*\| {corpus.licence} \|$", text, re.MULTILINE)
        assert f"`corpora/{corpus.name}/{corpus.folder}/`" in text
        assert f"({corpus.url})" in text
