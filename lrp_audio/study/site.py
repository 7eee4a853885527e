"""The website: one page with its script, style and stimuli; it runs from any web space."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from lrp_audio.errors import StudyError
from lrp_audio.regular import read_regular
from lrp_audio.study.bundle import CDN, Script
from lrp_audio.study.design import PRACTICE
from lrp_audio.study.key import Key

_WEB = files("lrp_audio.study") / "web"
_COPIED = ("study.css", "study.js")
_MOST_CONSENT_BYTES = 64_000
_HOST = "abcdefghijklmnopqrstuvwxyz0123456789.-"
QUESTIONS = {
    "digit": ("Which digit did the network say?", "Which digit do you hear?"),
    "sex": ("Whose voice did the network say it was?", "Whose voice do you hear?"),
}
"""By task, the question about an explanation and the one about the recording to set the volume."""


@dataclass(frozen=True)
class Wording:
    """What depends on the study: the questions, what a picture shows, the consent text."""

    question: str
    check: str
    domain: str
    consent: tuple[str, ...]


def default_consent() -> str:
    """The text that is shipped with the program, with gaps in [brackets]."""
    return (_WEB / "consent.txt").read_text(encoding="utf-8")


def read_consent(path: Path) -> str:
    """The text in the file at `path`; raises `StudyError` where it is not a usable text."""
    advice = "give a text file in UTF-8 with blank lines between paragraphs."
    try:
        text = read_regular(path, _MOST_CONSENT_BYTES).decode("utf-8")
    except OSError as error:
        raise StudyError(f"{path} cannot be read ({error.strerror}): {advice}") from error
    except ValueError as error:
        raise StudyError(f"{path} is not a text in UTF-8: {advice}") from error
    if not text.strip():
        raise StudyError(f"{path} is empty: {advice}")
    return text


def paragraphs(text: str) -> tuple[str, ...]:
    """The parts of `text` between blank lines, each on one line."""
    normal = "\n".join(line.strip() for line in text.splitlines())
    return tuple(" ".join(part.split()) for part in normal.split("\n\n") if part.strip())


def check_address(address: str) -> str:
    """`address`, if answers can be sent to it safely; raises `StudyError` otherwise."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port  # raises where the port is not a number
    except ValueError:
        host, parts = "", urlsplit("")
    local = host in ("localhost", "127.0.0.1")
    safe = parts.scheme == "https" or (parts.scheme == "http" and local)
    plain = address.isascii() and address.isprintable() and not set(address) & set(" '\"<>\\")
    if not (safe and plain and host and set(host) <= set(_HOST)) or parts.username is not None:
        raise StudyError(
            f"Answers cannot be sent to {address!r}: give an address like "
            "https://example.org/answers, without a password in it (http only to localhost; "
            "hosts with other letters in their xn-- form)."
        )
    return address


def write_page(site: Path, key: Key, scripts: list[Script], wording: Wording, send: str) -> None:
    """Write ``index.html``, its script and its style into `site`, beside the stimuli."""
    from jinja2 import Environment, StrictUndefined

    for name in _COPIED:
        (site / name).write_bytes((_WEB / name).read_bytes())
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string((_WEB / "index.html").read_text(encoding="utf-8"))
    page = template.render(
        policy=_policy(send, any(script.integrity for script in scripts)),
        scripts=scripts,
        wording=wording,
        answers=key.answers,
        trials=len(key.orders[0]) - PRACTICE,
        settings=_settings(key, send),
    )
    (site / "index.html").write_text(page, encoding="utf-8")


def _settings(key: Key, send: str) -> dict[str, object]:
    """Settings of the script. Of right answers it gets only those of practice and volume check."""
    (check,) = (item for item in key.items if item.kind == "check")
    return {
        "study": key.study,
        "answers": list(key.answers),
        "orders": [[[s.item, s.condition] for s in one] for one in key.orders],
        "practice": {item.id: item.network for item in key.items if item.kind == "practice"},
        "check": {"item": check.id, "answer": check.spoken},
        "send": send,
    }


def _policy(send: str, cdn: bool) -> str:
    """The page's content security policy: only its own files, and the address for answers."""
    parts = urlsplit(send)
    receiver = f"{parts.scheme}://{parts.netloc}" if send else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {CDN}" if cdn else "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "media-src 'self'",
            f"connect-src {receiver}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
