"""The key of a study: what the analysis needs and participants must not know."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from lrp_audio.arguments import as_number
from lrp_audio.errors import StudyError
from lrp_audio.files import staged
from lrp_audio.regular import read_regular
from lrp_audio.study.design import CONDITIONS, KINDS, Item, Order, Shown

FILE = "key.json"
_FORMAT = "lrp-audio study key 1"
_MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class ExclusionRules:
    """When a participant is excluded; fixed when the study is built."""

    most_catch_errors: int = 1
    fastest_median_ms: int = 1000  # a sound lasts a second


@dataclass(frozen=True)
class Key:
    """All of a study except its pictures and sounds. ``answers`` are the classes to choose from."""

    model: str
    rules: str
    task: str
    answers: tuple[str, ...]
    items: tuple[Item, ...]
    orders: tuple[Order, ...]
    exclusion: ExclusionRules

    @property
    def study(self) -> str:
        """Identifies the study: a digest of everything that can differ for participants."""
        return sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def by_id(self) -> dict[str, Item]:
        """The items by their ids."""
        return {item.id: item for item in self.items}

    def trials(self) -> list[Item]:
        """The items of trials, without practice and catch trials, in the order of the key."""
        return [item for item in self.items if item.kind == "trial"]

    def save(self, folder: Path) -> Path:
        """Write ``key.json`` into `folder`; returns its path."""
        content = {"format": _FORMAT, "study": self.study, **self._content()}
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        with staged(folder) as aside:
            # Characters of a file name that UTF-8 lacks are escaped in a way that JSON reads back.
            (aside / FILE).write_text(text, encoding="utf-8", errors="backslashreplace")
        return folder / FILE

    def _content(self) -> dict[str, object]:
        return {
            "model": self.model,
            "rules": self.rules,
            "task": self.task,
            "answers": list(self.answers),
            "exclusion": asdict(self.exclusion),
            "items": [asdict(item) for item in self.items],
            "orders": [[[s.item, s.condition] for s in one] for one in self.orders],
        }


def read_key(folder: Path) -> Key:
    """Read the key of the study in `folder`. Raises `StudyError` where there is none."""
    path = folder / FILE
    advice = "give the folder that python -m lrp_audio.study build wrote."
    try:
        content = json.loads(read_regular(path, _MOST_BYTES))
    except OSError as error:
        raise StudyError(f"{path} cannot be read ({error.strerror}): {advice}") from error
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path} is not JSON: {advice}") from error
    try:
        key = _key(content)
        same = content["study"] == key.study
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StudyError(f"{path} is not the key of a study: {advice}") from error
    if not same:
        raise StudyError(f"{path} was changed after the study was built: {advice}")
    return key


def _key(content: dict[str, object]) -> Key:
    """The key in `content`; raises KeyError, TypeError or ValueError where it is not one."""
    if content["format"] != _FORMAT:
        raise ValueError
    items = tuple(Item(**item) for item in content["items"])  # type: ignore[attr-defined]
    if not all(map(_is_item, items)):
        raise ValueError
    orders = tuple(
        tuple(Shown(item, condition) for item, condition in one)
        for one in content["orders"]  # type: ignore[attr-defined]
    )
    known = {item.id for item in items}
    if not all(item.kind in KINDS for item in items) or not all(
        shown.item in known and shown.condition in CONDITIONS for one in orders for shown in one
    ):
        raise ValueError
    exclusion = ExclusionRules(**content["exclusion"])  # type: ignore[arg-type]
    if not all(type(number) is int for number in vars(exclusion).values()):
        raise ValueError
    return Key(
        model=str(content["model"]),
        rules=str(content["rules"]),
        task=str(content["task"]),
        answers=tuple(map(str, content["answers"])),  # type: ignore[call-overload]
        items=items,
        orders=orders,
        exclusion=exclusion,
    )


def _is_item(item: Item) -> bool:
    texts = (item.id, item.kind, item.network, item.spoken, item.clip)
    return all(isinstance(text, str) for text in texts) and as_number(item.probability) is not None
