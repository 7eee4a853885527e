"""Who meets what: conditions are balanced in every order, and turned in its partner."""

from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_cases import made_up_items, made_up_key

from lrp_audio.errors import StudyError
from lrp_audio.study.choice import MOST_BY_DEFAULT, shares
from lrp_audio.study.design import CATCHES, ORDERS, PRACTICE, Item, Order, orders
from lrp_audio.study.key import Key, read_key


@st.composite
def studies(draw: st.DrawFn) -> tuple[dict[str, Item], tuple[Order, ...]]:
    right, wrong = draw(st.integers(4, 20)), draw(st.integers(0, 20))
    items = made_up_items(right + (right + wrong) % 2, wrong, draw(st.integers(0, 1000)))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return {item.id: item for item in items}, orders(items, rng)


def kinds(order: Order, items: dict[str, Item]) -> list[str]:
    return [items[shown.item].kind for shown in order]


@given(studies())
def test_everyone_meets_every_item_once_after_practice(
    study: tuple[dict[str, Item], tuple[Order, ...]],
) -> None:
    items, made = study
    shown_once = sorted(id for id, item in items.items() if item.kind != "check")
    assert len(made) == ORDERS
    for order in made:
        assert sorted(shown.item for shown in order) == shown_once
        assert kinds(order, items)[:PRACTICE] == ["practice"] * PRACTICE
        assert kinds(order, items)[PRACTICE] == "trial"


@given(studies())
def test_half_of_the_clips_are_seen_of_the_wrong_ones_and_of_each_answer(
    study: tuple[dict[str, Item], tuple[Order, ...]],
) -> None:
    items, made = study

    def excess(order: Order, group: list[str]) -> int:
        signs = {"seen": 1, "heard": -1}
        return abs(sum(signs[shown.condition] for shown in order if shown.item in group))

    trials = {id: item for id, item in items.items() if item.kind == "trial"}
    strata: dict[object, list[str]] = {}
    for id, item in trials.items():
        strata.setdefault(item.wrong, []).append(id)
        strata.setdefault((item.wrong, item.network), []).append(id)
    for order in made:
        assert excess(order, list(trials)) == 0
        assert all(excess(order, group) <= 1 for group in strata.values())
        practice = [shown.condition for shown in order[:PRACTICE]]
        assert sorted(practice) == ["heard", "seen"]


@given(studies())
def test_the_second_order_of_a_pair_is_the_first_with_conditions_turned(
    study: tuple[dict[str, Item], tuple[Order, ...]],
) -> None:
    items, made = study
    for first, second in zip(made[::2], made[1::2], strict=True):
        for a, b in zip(first, second, strict=True):
            assert a.item == b.item
            assert (a.condition == b.condition) == (items[a.item].kind == "catch")


@given(studies())
def test_neither_condition_prevails_anywhere(
    study: tuple[dict[str, Item], tuple[Order, ...]],
) -> None:
    items, made = study
    for order in made:
        conditions = [shown.condition for shown in order if items[shown.item].kind == "trial"]
        assert max(len(list(run)) for _, run in groupby(conditions)) <= 4
        excess = np.cumsum([1 if condition == "seen" else -1 for condition in conditions])
        assert np.abs(excess).max() <= 2


@given(studies())
def test_attention_is_checked_in_every_quarter(
    study: tuple[dict[str, Item], tuple[Order, ...]],
) -> None:
    items, made = study
    caught = Counter(s.condition for s in made[0] if items[s.item].kind == "catch")
    assert caught == CATCHES
    for order in made:
        found = kinds(order, items)[PRACTICE:]
        trials = found.count("trial")
        before = [found[:place].count("trial") for place, k in enumerate(found) if k == "catch"]
        for part, count in enumerate(before):
            assert trials * part // 4 < count <= trials * (part + 1) // 4 + 1


def test_orders_differ_and_follow_from_the_seed() -> None:
    items = made_up_items(8, 8)
    made = orders(items, np.random.default_rng(1))
    assert len(set(made)) == ORDERS
    assert made == orders(items, np.random.default_rng(1))
    assert made != orders(items, np.random.default_rng(2))


@given(st.integers(0, 60), st.integers(0, 60), st.none() | st.integers(2, 30).map(lambda n: 2 * n))
def test_half_of_the_trials_are_wrong_ones_or_all_there_are(
    wrong: int, right: int, wanted: int | None
) -> None:
    try:
        few, many = shares(wanted, wrong, right, reserved=5)
    except StudyError:
        spare = max(right - 5, 0)
        assert spare + min(wrong, spare) < max(wanted or 0, 4) + 1
        return
    assert few == min(wrong, (few + many) // 2)
    assert (few + many) % 2 == 0
    assert many <= right - 5
    assert wanted in (None, few + many)


def test_a_key_comes_back_as_it_was_written(tmp_path: Path) -> None:
    key = made_up_key()
    items = (replace(key.items[0], clip='7_<b>"ü"_0.wav'), *key.items[1:])
    strange = replace(key, items=items)
    strange.save(tmp_path)
    assert read_key(tmp_path) == strange
    assert read_key(tmp_path).study == strange.study != key.study


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not the key"),
        ("{}", "not the key"),
        ('{"format": "lrp-audio study key 1", "items": 3, "orders": 4}', "not the key"),
    ],
)
def test_what_is_no_key_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "key.json").write_text(text)
    with pytest.raises(StudyError, match=said):
        read_key(tmp_path)


def test_a_key_that_was_changed_is_refused(tmp_path: Path) -> None:
    key: Key = made_up_key()
    path = key.save(tmp_path)
    path.write_text(path.read_text().replace('"most_catch_errors": 1', '"most_catch_errors": 4'))
    with pytest.raises(StudyError, match="changed after the study was built"):
        read_key(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 7},
        {"clip": None},
        {"probability": "likely"},
        {"network": ["seven"]},
    ],
    ids=str,
)
def test_a_key_whose_items_are_of_other_types_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    key = made_up_key()
    trial = next(item for item in key.items if item.kind == "trial")
    items = tuple(replace(i, **change) if i is trial else i for i in key.items)  # type: ignore[arg-type]
    replace(key, items=items).save(tmp_path)
    with pytest.raises(StudyError, match="not the key"):
        read_key(tmp_path)


def test_a_folder_without_a_study_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_key(tmp_path)


def test_the_protocol_in_the_docs_is_the_one_that_is_run() -> None:
    docs = Path(__file__).parents[2] / "docs" / "study-design.md"
    text = " ".join(docs.read_text(encoding="utf-8").split())
    rules = made_up_key().exclusion
    assert f"There are {ORDERS} orders in pairs" in text
    assert (
        f"more than {rules.most_catch_errors} of the {sum(CATCHES.values())} catch trials" in text
    )
    assert f"a median time to answer below {rules.fastest_median_ms} ms" in text
    assert f"at most {MOST_BY_DEFAULT} unless" in text
