"""Screenshots of reports for the documentation: light, dark and on a phone; of clip 1 of each.

python tests/browser/screenshots.py WAVEFORM.html SPECTROGRAM.html FOLDER
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

_DESK = {"viewport": {"width": 960, "height": 1040}}
_PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}


def main(waveform: Path, spectrogram: Path, folder: Path) -> None:
    """Write ``report.png``, ``report-dark.png`` and ``report-phone.png`` into `folder`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )

        def shoot(report: Path, name: str, *steps: str, **screen: Any) -> None:
            page = browser.new_context(**screen).new_page()
            page.goto(report.resolve().as_uri())
            page.locator("#clip-1[data-shown]").wait_for()
            for step in steps:
                page.evaluate(step)
            page.wait_for_timeout(500)
            page.screenshot(path=folder / name)

        shoot(waveform, "report.png", _marked(0.44, 0.58), **_DESK)
        shoot(spectrogram, "report-dark.png", _LEDGER, color_scheme="dark", **_DESK)
        shoot(waveform, "report-phone.png", "() => scrollTo(0, 260)", **_PHONE)
        browser.close()


_LEDGER = "() => { document.querySelector('.ledger').open = true; scrollTo(0, 260); }"


def _marked(start: float, end: float) -> str:
    """A part marked to be repeated, and the cursor inside it."""
    return f"""() => {{
        const set = (name, value) => {{
            const slider = document.querySelector('#clip-1 .' + name);
            slider.value = value;
            slider.dispatchEvent(new Event('input'));
        }};
        set('from', {start});
        set('to', {end});
        set('position', {(start + end) / 2});
    }}"""


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
