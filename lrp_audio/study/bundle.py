"""jsPsych for the site: fetched from npm as the lock file pins it, or from a content network."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from lrp_audio.errors import StudyError
from lrp_audio.files import workspace

CDN = "https://cdn.jsdelivr.net"
_WEB = files("lrp_audio.study") / "web"
_MANIFESTS = ("package.json", "package-lock.json")
_COMMAND = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
_SECONDS = 300
_WITHOUT = "or build with --cdn, which needs no npm but makes participants load jsPsych from " + CDN


@dataclass(frozen=True)
class Script:
    """A script tag: its source, and the hash that a file from another server must have."""

    source: str
    integrity: str = ""


def integrities() -> Mapping[str, str]:
    """Hashes of the files that the site loads, by their paths in ``node_modules``, in order."""
    content: dict[str, str] = json.loads((_WEB / "scripts.json").read_text(encoding="utf-8"))
    return content


def cdn_scripts() -> list[Script]:
    """The scripts on a content network, in the versions of ``package.json``."""
    manifest = json.loads((_WEB / "package.json").read_text(encoding="utf-8"))
    made = []
    for path, integrity in integrities().items():
        package, file = path.split("/dist/")
        version = manifest["dependencies"][package]
        made.append(Script(f"{CDN}/npm/{package}@{version}/dist/{file}", integrity))
    return made


def bundled_scripts(site: Path) -> list[Script]:
    """Copy the scripts and their licences from npm into `site`, below ``jspsych/``.

    Runs ``npm ci`` in a temporary folder, without a shell and without the packages' own scripts.
    Raises `StudyError` where npm is missing or fails.
    """
    folder = site / "jspsych"
    folder.mkdir()
    made = []
    with workspace(site) as work:
        modules = _install(work)
        for path in integrities():
            name = path.split("/dist/")[0].removeprefix("@jspsych/") + ".js"
            shutil.copyfile(modules / path, folder / name)
            made.append(Script(f"jspsych/{name}"))
        (folder / "LICENSES.txt").write_text(_licences(modules), encoding="utf-8")
    return made


def _install(work: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise StudyError(f"npm is not installed: install Node.js (nodejs.org), {_WITHOUT}.")
    for name in _MANIFESTS:
        with as_file(_WEB / name) as manifest:
            shutil.copyfile(manifest, work / name)
    try:
        done = subprocess.run(
            [npm, *_COMMAND],
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StudyError(f"npm could not be run ({error}): try again, {_WITHOUT}.") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        reason = said[0].strip() if said else f"exit code {done.returncode}"
        raise StudyError(
            f"npm could not fetch jsPsych ({reason}): check the connection, {_WITHOUT}."
        )
    return work / "node_modules"


def _licences(modules: Path) -> str:
    """Name, author and licence of every installed package, with its licence texts."""
    parts = ["The scripts in this folder come from these packages.\n"]
    for manifest in sorted([*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]):
        package = json.loads(manifest.read_text(encoding="utf-8"))
        parts.append(
            f"\n{package['name']} {package['version']}, {package.get('license', 'see its page')}\n"
            f"{json.dumps(package.get('author', ''), ensure_ascii=False)}\n"
            f"{package.get('homepage', '')}\n"
        )
        for text in sorted(manifest.parent.glob("[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*")):
            parts.append(text.read_text(encoding="utf-8", errors="replace"))
    return "".join(parts)
