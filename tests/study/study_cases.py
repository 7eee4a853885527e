"""Studies without recordings, for tests of design and analysis."""

import numpy as np

from lrp_audio.data.recording import WORDS
from lrp_audio.study.design import CATCHES, PRACTICE, Item, orders
from lrp_audio.study.key import ExclusionRules, Key


def made_up_items(right: int, wrong: int, seed: int = 0) -> list[Item]:
    """So many trials that the network got right and wrong, with practice and catch trials."""
    rng = np.random.default_rng(seed)
    items = []

    def add(kind: str, spoken: str, network: str, clip: str = "clip.wav") -> None:
        items.append(Item(rng.bytes(6).hex(), kind, network, spoken, clip))  # type: ignore[arg-type]

    for place in range(right):
        add("trial", WORDS[place % 10], WORDS[place % 10])
    for place in range(wrong):
        add("trial", WORDS[place % 10], WORDS[(place + 1) % 10])
    for _ in range(PRACTICE):
        add("practice", "one", "one")
    for _ in range(CATCHES["heard"]):
        add("catch", "two", "two")
    for _ in range(CATCHES["seen"]):
        add("catch", "three", "three", clip="")
    add("check", "four", "four")
    return items


def made_up_key(right: int = 8, wrong: int = 8, seed: int = 0) -> Key:
    items = tuple(made_up_items(right, wrong, seed))
    made = orders(items, np.random.default_rng(seed))
    return Key("audionet-digit", "epsilon-plus", "digit", WORDS, items, made, ExclusionRules())
