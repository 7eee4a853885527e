"""What participants hand in, and keys of studies, damaged."""

import json
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.kinds.kind import Kind
from benchmarks.faults.mutation import mutated
from benchmarks.faults.trees import changed, json_text
from lrp_audio.data.recording import WORDS
from lrp_audio.study.analysis import analyse
from lrp_audio.study.design import CATCHES, PRACTICE, Item, orders
from lrp_audio.study.design import Kind as ItemKind
from lrp_audio.study.exclusion import exclude
from lrp_audio.study.key import FILE, ExclusionRules, Key, read_key
from lrp_audio.study.participants import Truth, participants
from lrp_audio.study.records import FOLDER, FORMAT, read_records
from lrp_audio.study.summary import markdown, plain

_GOOD = 3  # records that lie beside the damaged one


@cache
def made_up_key() -> Key:
    """The key of a study of eight trials that has no recordings."""
    rng = np.random.default_rng(0)

    def item(kind: ItemKind, spoken: str, network: str) -> Item:
        return Item(rng.bytes(6).hex(), kind, network, spoken, "clip.wav")

    items = [item("trial", word, WORDS[i % 2]) for i, word in enumerate(WORDS[:8])]
    items += [item("practice", "one", "one") for _ in range(PRACTICE)]
    for condition in ("heard", "seen"):
        items += [item("catch", "two", "two") for _ in range(CATCHES[condition])]
    items.append(item("check", "four", "four"))
    made = orders(items, rng)
    return Key(
        "audionet-digit", "epsilon-plus", "digit", WORDS, tuple(items), made, ExclusionRules()
    )


@cache
def made_up_records() -> tuple[dict[str, Any], ...]:
    """The contents of records of that study."""
    key = made_up_key()
    found = participants(key, _GOOD + 2, Truth(0.4, 0.6), np.random.default_rng(1))
    contents = [{"format": FORMAT, "study": key.study, **asdict(record)} for record in found]
    return tuple(json.loads(json.dumps(content)) for content in contents)


def _of_record(rng: np.random.Generator) -> bytes:
    *_, one, other = made_up_records()
    if rng.random() < 0.3:
        return mutated([json.dumps(one).encode(), json.dumps(other).encode()], rng)
    return json_text(changed(one, rng), rng)


def _write_record(folder: Path, rng: np.random.Generator) -> Path:
    if not (folder / FOLDER).is_dir():
        (folder / FOLDER).mkdir()
        made_up_key().save(folder)
        for number, content in enumerate(made_up_records()[:_GOOD]):
            (folder / FOLDER / f"{number}.json").write_text(json.dumps(content))
    (folder / FOLDER / "damaged.json").write_bytes(_of_record(rng))
    return folder


def _analyse(folder: Path) -> None:
    """The whole analysis but its figure; every record but the damaged one has to take part."""
    key = read_key(folder)
    read, errors = read_records(folder / FOLDER, key)
    if len(read) + len(errors) != _GOOD + 1 or len(read) < _GOOD:
        raise AssertionError(f"{len(read)} records are read and {len(errors)} refused")
    if errors:
        raise errors[0]
    included, excluded = exclude([record for _, record in read], key)
    analysis = analyse(included, key)
    markdown(key, included, excluded, analysis).encode()
    json.dumps(plain(key, included, excluded, analysis), allow_nan=False)


def _of_key(rng: np.random.Generator) -> bytes:
    key = made_up_key()
    content = {"format": "lrp-audio study key 1", "study": key.study, **key._content()}
    if rng.random() < 0.3:
        return mutated([json.dumps(content).encode()], rng)
    content = changed(content, rng)
    if rng.random() < 0.8:  # with the digest that belongs to it, or all that follows is not reached
        rest = {name: value for name, value in content.items() if name not in ("format", "study")}
        content["study"] = sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]
    return json_text(content, rng)


def _write_key(folder: Path, rng: np.random.Generator) -> Path:
    if not (folder / FOLDER).is_dir():
        (folder / FOLDER).mkdir()
        for number, content in enumerate(made_up_records()[:_GOOD]):
            (folder / FOLDER / f"{number}.json").write_text(json.dumps(content))
    (folder / FILE).write_bytes(_of_key(rng))
    return folder


def _analyse_with_key(folder: Path) -> None:
    key = read_key(folder)
    read, _ = read_records(folder / FOLDER, key)
    included, excluded = exclude([record for _, record in read], key)
    markdown(key, included, excluded, analyse(included, key)).encode()


STUDIES: tuple[Kind, ...] = (
    Kind("study record", _write_record, _analyse),
    Kind("study key", _write_key, _analyse_with_key),
)
