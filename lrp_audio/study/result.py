"""``analyse``: from the files that participants handed in to the files in ``result/``."""

import json
from pathlib import Path

from lrp_audio.commands.writing import sole_writer
from lrp_audio.errors import StudyError
from lrp_audio.files import staged
from lrp_audio.study.analysis import OF_RECORD, analyse, paired
from lrp_audio.study.exclusion import exclude
from lrp_audio.study.figure import FILES, save_result
from lrp_audio.study.key import read_key
from lrp_audio.study.records import FOLDER, read_records
from lrp_audio.study.summary import markdown, plain


def write_result(study: Path) -> tuple[list[StudyError], str]:
    """Evaluate the records of the study in `study`; returns errors of records, and the summary.

    Writes ``result/`` with summary.md, summary.json and, if any participant is included, result.png
    and result.pdf. Raises `StudyError` where there is no study or nothing to evaluate.
    """
    key = read_key(study)
    read, errors = read_records(study / FOLDER, key)
    if not read and not errors:
        raise StudyError(f"{study / FOLDER} is empty: put the participants' files there.")
    included, excluded = exclude([record for _, record in read], key)
    analysis = analyse(included, key)
    text = markdown(key, included, excluded, analysis)
    folder = study / "result"
    with sole_writer(folder), staged(folder) as aside:
        if analysis is not None:
            save_result(
                aside,
                analysis.of_record,
                paired(OF_RECORD, included, key),
                analysis.clips,
                1 / len(key.answers),
                "Synthetic participants" if any(r.synthetic for r in included) else "",
            )
        values = plain(key, included, excluded, analysis)
        (aside / "summary.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        (aside / "summary.md").write_text(text, encoding="utf-8")
        if analysis is None:  # the figures of an earlier analysis would contradict it
            for figure in FILES:
                (folder / figure).unlink(missing_ok=True)
    return errors, text
