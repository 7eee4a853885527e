"""The report: explanations as one HTML file, to be seen, heard and searched, even offline."""

from lrp_audio.report.page.entry import PageEntry, entry_of
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
    "PageEntry",
    "entry_of",
    "has_room",
    "save_entries",
    "save_page",
]

Entry = PageEntry  # its name up to version 0.1
