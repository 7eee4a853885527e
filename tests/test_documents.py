"""What the documents name exists: benchmarks with their options, tests, folders of corpora."""

import importlib
import re
from pathlib import Path

import pytest
from documents import DOCUMENTS, ROOT, blocks

_BENCHMARK = re.compile(r"python -m (benchmarks(?:\.\w+)*)([^`]*)")
_TESTS = re.compile(r"\btests/[\w/]+\.py")


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_benchmarks_exist_with_their_options(document: Path) -> None:
    for line in document.read_text(encoding="utf-8").splitlines():
        for module, rest in _BENCHMARK.findall(line):
            path = ROOT / module.replace(".", "/")
            file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
            source = file.read_text(encoding="utf-8")
            options = re.findall(r"(?<!\S)--[a-z-]+", rest)
            assert [option for option in options if f'"{option}"' not in source] == [], line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_named_files_of_the_tests_exist(document: Path) -> None:
    named = _TESTS.findall(document.read_text(encoding="utf-8"))
    assert [file for file in named if not (ROOT / file).is_file()] == []


def test_a_corpus_is_used_from_the_folder_that_it_was_downloaded_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = ["\n".join(blocks(document, "sh")) for document in DOCUMENTS]
    for command in ("data", "experiments", "evaluate"):
        main = importlib.import_module(f"lrp_audio.{command}.__main__").main
        with pytest.raises(SystemExit, match="0"):
            main(["--help"])
        texts.append(capsys.readouterr().out)
    used = 0
    for text in texts:
        folders: dict[str, str] = {}
        for line in text.splitlines():
            if found := re.search(r"data download (\w+) (\S+)", line):
                folders[found[1]] = found[2]
            for folder in re.findall(r"--data (\S+)", line):
                corpus = Path(folder).name
                if corpus in folders:
                    assert Path(folder) == Path(folders[corpus]), line
                    used += 1
    assert used >= 5
