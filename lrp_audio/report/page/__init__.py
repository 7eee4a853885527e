"""The report: explanations as one HTML file, to be seen, heard and searched, without a network."""

from lrp_audio.report.page.entry import Entry, entry_of
from lrp_audio.report.page.writing import (
    MOST_CHARACTERS,
    MOST_CLIPS,
    has_room,
    save_entries,
    save_page,
)

__all__ = [
    "MOST_CHARACTERS",
    "MOST_CLIPS",
    "Entry",
    "entry_of",
    "has_room",
    "save_entries",
    "save_page",
]
