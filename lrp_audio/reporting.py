"""The report of a command: which of its clips the page shows, gathered as they are explained."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path

from lrp_audio.batch import Request, Row
from lrp_audio.errors import ClipError
from lrp_audio.explanation import Explanation
from lrp_audio.inputs import Found
from lrp_audio.report.page import MOST_CLIPS, Entry, entry_of, has_room, save_entries


class Report:
    """What ``report.html`` is made of; of each clip only its entry is kept.

    Every clip is explained for each of `targets` under each of `rules`, the first of which are
    those of the `request`. `missing` says what could not be shown, a sentence each.
    """

    def __init__(
        self,
        request: Request,
        targets: Sequence[str],
        rules: Sequence[str],
        clips: Sequence[Found],
    ) -> None:
        self._request = request
        self._others = list(product(targets, rules))[1:]
        self._shown = {str(clip.path): clip for clip in clips[:MOST_CLIPS]}
        self._entries: dict[str, Entry] = {}
        self.missing: list[str] = []

    def add(self, explanation: Explanation) -> None:
        """Take a clip that was explained as requested, while there is room for it."""
        name = explanation.clip.name
        if name not in self._shown or not has_room(self._entries.values()):
            return
        try:
            others = self._explained_otherwise(explanation)
            self._entries[name] = entry_of([explanation, *others], self._request.sound)
        except ClipError as error:
            self.missing.append(str(error))

    def _explained_otherwise(self, explanation: Explanation) -> Iterator[Explanation]:
        request = self._request
        for target, rules in self._others:
            other = request.model.explain(explanation.clip, target, rules, request.domain)
            try:
                other.summary()
            except ClipError as error:
                self.missing.append(str(error))
            else:
                yield other

    def save(self, path: Path, rows: Mapping[Found, Row]) -> int:
        """Write the page, and return how many clips it shows; without any there is no page.

        Clips with a result of an earlier run, as `rows` say, are explained again for it.
        """
        request = self._request
        for name, clip in self._shown.items():
            if name not in self._entries and rows[clip].error is None:
                with suppress(ClipError):  # the recording may have been taken away just now
                    self.add(
                        request.model.explain(
                            clip.path, request.target, request.rules, request.domain
                        )
                    )
        entries = [self._entries[name] for name in self._shown if name in self._entries]
        if entries:
            explained = sum(row.error is None for row in rows.values())
            save_entries(path, entries, explained, request.sound)
        return len(entries)
