"""Fetching an archive over HTTP: resumed after a break, bounded in size, complete or not at all.

During the download ``NAME.part`` holds the bytes received, and ``NAME.etag`` the ETag of the file
that they belong to.
"""

import os
import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from tqdm import tqdm

from lrp_audio.errors import DataError
from lrp_audio.files import require_room

_BLOCK = 65_536
_STRONG_ETAG = re.compile(r'"[!#-~]*"')
_BUSY = (408, 429)


@dataclass(frozen=True)
class RetryPolicy:
    """When to try again, and when to give up.

    An attempt fails after ``timeout`` seconds without a byte; after ``attempts`` in a row that
    bring nothing new, the download fails. Before the second attempt lies a pause of ``backoff``
    seconds, which doubles each time.
    """

    timeout: float = 30.0
    attempts: int = 6
    backoff: float = 1.0


class _AttemptError(Exception):
    """An attempt failed for the reason given; the next one may succeed."""


def fetch(
    url: str,
    path: Path,
    largest: int,
    policy: RetryPolicy | None = None,
    retrying: Callable[[str], object] | None = None,
) -> None:
    """Fetch the ZIP archive at `url` to `path`, of at most `largest` bytes, with a progress bar.

    Resumes an earlier download, if the server supports it and its file is still the same. Before
    each new attempt, `retrying` is called with the reason and the pause. Raises `DataError` for a
    wrong address, for a file that is too large, and where `policy` gives up; `OSError` for a disk
    that fails or is full.
    """
    policy = policy or RetryPolicy()
    part = path.with_name(f"{path.name}.part")
    furthest = failures = 0
    with requests.Session() as session:
        while True:
            try:
                _attempt(session, url, part, largest, policy.timeout)
                break
            except (ValueError, requests.TooManyRedirects) as error:
                raise DataError(
                    f"{url} does not lead to a file on the web: give an address that begins with "
                    "https:// or http://."
                ) from error
            except (requests.RequestException, _AttemptError) as error:
                reason = _reason(error, policy)
            held = part.stat().st_size if part.exists() else 0
            failures = 1 if held > furthest else failures + 1
            furthest = max(furthest, held)
            if failures >= policy.attempts:
                raise DataError(
                    f"{url} could not be fetched: {reason}. See whether the connection works, then "
                    "give the same command again; what has come is kept."
                )
            pause = policy.backoff * 2 ** (failures - 1)
            if retrying:
                retrying(f"{reason}; trying again in {pause:g} s")
            time.sleep(pause)
    os.replace(part, path)
    _etag(part).unlink(missing_ok=True)


def _attempt(session: requests.Session, url: str, part: Path, largest: int, timeout: float) -> None:
    """Append the missing bytes to `part`; raises `_AttemptError` unless it is then complete."""
    held, version = _state(part)
    headers = {"Accept-Encoding": "identity"}  # offsets are those of the file itself
    if held:
        headers |= {"Range": f"bytes={held}-", "If-Range": version}
    with session.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if not _continues(response, part, held, version):
            held = 0
            _restart(response, part)
        _receive(response, part, held, largest)
    if not zipfile.is_zipfile(part):  # the server may not have sent its length
        raise _AttemptError("what came is not a whole ZIP archive")


def _state(part: Path) -> tuple[int, str]:
    """How many bytes `part` holds and their ETag; 0 without one, as they cannot be resumed then."""
    if not (part.exists() and _etag(part).exists()):
        return 0, ""
    version = _etag(part).read_text("ascii", "replace")
    return (part.stat().st_size, version) if _STRONG_ETAG.fullmatch(version) else (0, "")


def _continues(response: requests.Response, part: Path, held: int, version: str) -> bool:
    """Whether a response continues the bytes held or starts again; raises if it does neither."""
    status = response.status_code
    if status == 200:
        return False
    if status == 206:
        begin = response.headers.get("Content-Range", "").startswith(f"bytes {held}-")
        if held and begin and response.headers.get("ETag", version) == version:
            return True
    if status in (206, 416):
        part.unlink(missing_ok=True)
        raise _AttemptError("the server's file is no longer what it was")
    if status in _BUSY or status >= 500:
        raise _AttemptError(f"the server answers {status}")
    raise DataError(
        f"{response.url} cannot be fetched, the server answers {status}: see in a browser where "
        "the corpus is now, and give the address of its ZIP archive with --from."
    )


def _restart(response: requests.Response, part: Path) -> None:
    """Discard the bytes held, and store the ETag of the response."""
    part.unlink(missing_ok=True)
    version = response.headers.get("ETag", "")
    if _STRONG_ETAG.fullmatch(version):
        _etag(part).write_text(version, "ascii")
    else:
        _etag(part).unlink(missing_ok=True)


def _receive(response: requests.Response, part: Path, held: int, largest: int) -> None:
    """Append the body of a response; urllib3 raises where it ends before its stated length."""
    remaining: int | None = response.raw.length_remaining
    total = None if remaining is None else held + remaining
    if total is not None and total > largest:
        raise DataError(_too_large(response.url, largest))
    require_room(part.parent, remaining or 0)
    with (
        part.open("ab") as file,
        tqdm(
            desc=part.stem,
            total=total,
            initial=held,
            unit="B",
            unit_scale=True,
            leave=False,
            disable=None,
        ) as bar,
    ):
        for block in response.iter_content(_BLOCK):
            bar.update(file.write(block))
            if file.tell() > largest:
                break
    if part.stat().st_size > largest:
        part.unlink()
        raise DataError(_too_large(response.url, largest))


def _too_large(url: str, largest: int) -> str:
    return (
        f"{url} is larger than {largest / 1e6:,.0f} MB, which the corpus is not: see whether the "
        "address is right."
    )


def _reason(error: Exception, policy: RetryPolicy) -> str:
    """What failed, in a few words, from within the exceptions of urllib3 and requests."""
    if isinstance(error, _AttemptError):
        return str(error)
    inner = error.args[0] if error.args else error
    name = type(getattr(inner, "reason", inner)).__name__
    if "Timeout" in name:
        return f"nothing came for {policy.timeout:g} s"
    return f"the connection failed ({name})"


def _etag(part: Path) -> Path:
    return part.with_suffix(".etag")
