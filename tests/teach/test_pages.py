"""The pages of the exercises and of their solutions."""

from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, blocks, run

import lrp_audio
from lrp_audio.teach import EXERCISES, Outcome
from lrp_audio.teach import broken as broken_rules
from lrp_audio.teach.mending import source

PAGE, SOLUTIONS = ROOT / "docs" / "exercises.md", ROOT / "docs" / "solutions.md"


def checked(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Outcome]:
    """The outcomes of all checks of a page."""
    found: list[Outcome] = []
    check = lrp_audio.teach.check

    def recorded(name: str, answer: object) -> Outcome:
        found.append(check(name, answer))
        return found[-1]

    monkeypatch.setattr(lrp_audio.teach, "check", recorded)
    monkeypatch.chdir(tmp_path)
    run(blocks(page, "python"), page)
    return found


def test_every_exercise_has_a_right_solution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = checked(SOLUTIONS, monkeypatch, tmp_path)
    assert [outcome.exercise for outcome in outcomes] == list(EXERCISES)
    assert all(outcome.passed for outcome in outcomes)


def test_the_page_shows_what_the_check_prints_and_gives_no_solution_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = checked(PAGE, monkeypatch, tmp_path)
    assert not any(outcome.passed for outcome in outcomes)
    (printed,) = blocks(PAGE, "text")
    assert printed == f"{outcomes[0]}\n"


def test_the_page_names_every_exercise_and_shows_every_broken_rule() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in EXERCISES:
        assert f"`{name}`" in text or f'"{name}"' in text
    rules: list[Any] = [r for n, r in vars(broken_rules).items() if callable(r) and n.islower()]
    shown = blocks(PAGE, "python")
    assert len(rules) == 5
    for rule in rules:
        assert f"{source(rule)}\n" in shown
