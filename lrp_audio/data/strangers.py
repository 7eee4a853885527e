"""Which speakers networks are trained on, validated on and tested on: one list, made once.

``strangers.toml`` names them by corpus. It was drawn with a seed by ``python -m
lrp_audio.data.strangers DIR``, which prints such a list of the recordings in DIR. Of each sex of a
corpus the same number of speakers is held out. A corpus without a stated licence is for tests only.
A speaker whom the list does not name, of whatever corpus, is a stranger, and is tested on.
"""

import sys
import textwrap
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Literal

from lrp_audio.commands.options import Parser, path, whole
from lrp_audio.commands.run import run, say
from lrp_audio.data.corpus import find_recordings
from lrp_audio.data.recording import Recording
from lrp_audio.data.split import require_speakers, shuffled, speakers_by_group, spoken_by
from lrp_audio.data.tasks import TASKS
from lrp_audio.errors import DataError

Part = Literal["training", "validation", "test", "neither"]
"""What the recordings of a speaker are for; ``neither`` of the bundled clips, whose voices are
trained on at other pitches and speeds."""

PARTS: tuple[Part, ...] = ("training", "validation", "test")

SEED = 0
_LIST = Path(__file__).with_name("strangers.toml")
_HELD_OUT = {"alnum": (4, 4), "emodb": (1, 1), "fsdd": (0, 1), "gsc": (60, 60)}
"""Speakers of each sex to validate on and to test on, by corpus."""


@dataclass(frozen=True)
class SpeakerList:
    """Parts of whole corpora, of single speakers (such as ``emodb/03``), and other languages."""

    corpora: Mapping[str, Part]
    speakers: Mapping[str, Part]
    not_english: Sequence[str]

    def part(self, recording: Recording) -> Part:
        """The part of the recording's speaker; ``test`` for one who is not on the list."""
        whole = self.corpora.get(recording.corpus, "test")
        return self.speakers.get(recording.who, whole)

    def recordings(
        self,
        task: str,
        part: Part,
        recordings: Iterable[Recording],
        held_out: Sequence[str] = (),
    ) -> list[Recording]:
        """Those of `recordings` that belong to `part` and have a label for `task`, sorted.

        Digits in other languages than English have none. FSDD's official test recordings are not
        trained on, nor are the speakers in `held_out`, named as in `split_official`; these belong
        to no part but ``test``.
        """
        label = TASKS[task].label
        return sorted(
            {
                r
                for r in recordings
                if label(r) is not None
                and not (task == "digit" and r.corpus in self.not_english)
                and ("test" if spoken_by(r, held_out) else self.part(r)) == part
                and not (part == "training" and r.official_test)
            }
        )

    def unseen(
        self, task: str, recordings: Sequence[Recording], held_out: Sequence[str] = ()
    ) -> list[Recording]:
        """Those of `recordings` that the shipped network of `task` was not trained on, sorted.

        They are by the speakers to test on, by those in `held_out`, named as in `split_official`,
        and those of the bundled clips; of digits also FSDD's official test recordings. Raises
        `DataError` where there are none, or no speaker has such a name.
        """
        known = [r for r in recordings if TASKS[task].label(r) is not None]
        require_speakers(held_out, known)
        parts: tuple[Part, ...] = ("test", "neither")
        found = {r for part in parts for r in self.recordings(task, part, known, held_out)}
        if task == "digit":
            found.update(r for r in known if r.official_test)
        if not found:
            raise DataError(
                f"The shipped networks were trained on every speaker here whose {task} is known; "
                "give a corpus of other people, or name speakers to test on."
            )
        return sorted(found)


@cache
def speaker_list() -> SpeakerList:
    """The list in ``strangers.toml``."""
    return read_list(_LIST.read_text(encoding="utf-8"))


def read_list(text: str) -> SpeakerList:
    """The list in a text that `draw_list` made."""
    found = tomllib.loads(text)
    speakers: dict[str, Part] = {}
    for corpus, parts in found["speakers"].items():
        for part, names in parts.items():
            speakers |= {f"{corpus}/{name}": part for name in names.split()}
    return SpeakerList(found["corpora"], speakers, found["not_english"])


def draw_list(recordings: Iterable[Recording], seed: int = SEED) -> str:
    """A new list of the speakers of `recordings`, drawn with `seed`, as TOML.

    A group of a corpus and sex that is too small to be divided is trained on.
    """
    drawn: defaultdict[str, defaultdict[Part, list[str]]] = defaultdict(lambda: defaultdict(list))
    for group, members in sorted(speakers_by_group(recordings).items()):
        corpus = group.rsplit("/", 1)[0]
        if corpus not in _HELD_OUT:
            continue
        names = [who.removeprefix(f"{corpus}/") for who in shuffled(group, members, seed)]
        validated, tested = _HELD_OUT[corpus] if len(names) > sum(_HELD_OUT[corpus]) else (0, 0)
        drawn[corpus]["validation"] += names[:validated]
        drawn[corpus]["test"] += names[validated : validated + tested]
        drawn[corpus]["training"] += names[validated + tested :]
    parts = [_HEAD.format(seed=seed)]
    for corpus in sorted(drawn):
        parts.append(f"[speakers.{corpus}]")
        parts += [_names(part, drawn[corpus][part]) for part in PARTS if drawn[corpus][part]]
        parts.append("")
    return "\n".join(parts)


_HEAD = """\
# Which speakers networks are trained on, validated on and tested on: see strangers.py. Those of a
# corpus that is named neither here nor below are tested on. Drawn with the seed {seed}.

not_english = ["audiomnist_az"]  # digits in Azerbaijani

[corpora]
audiomnist_az = "test"  # no licence is stated
hyke = "test"           # no licence is stated
examples = "neither"    # the bundled clips: not trained on, though other sounds of their voices are
kokoro = "training"     # synthetic voices, some of them mixed of others
synthetic = "training"  # synthetic voices of espeak-ng and flite
"""


def _names(part: Part, names: Iterable[str]) -> str:
    lines = textwrap.wrap(" ".join(sorted(names)), 98, break_long_words=False)
    return f'{part} = "{lines[0]}"' if len(lines) == 1 else _many(part, lines)


def _many(part: Part, lines: Iterable[str]) -> str:
    return "\n".join([f'{part} = """', *lines, '"""'])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m lrp_audio.data.strangers``."""
    return run(partial(_main, arguments), "nothing was written")


def _main(arguments: Sequence[str] | None) -> int:
    parser = Parser(
        prog="python -m lrp_audio.data.strangers",
        description="Draw which speakers of a folder of corpora to train, validate and test on, "
        "and print the list.",
    )
    parser.add_argument("data", metavar="DIR", type=path, nargs="+", help="folders of corpora")
    parser.add_argument("--seed", type=whole, default=SEED, help="default %(default)s")
    options = parser.parse_args(arguments)
    if options.seed < 0:
        parser.error("--seed must be at least 0")
    print(draw_list(find_recordings(options.data, say), options.seed), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
