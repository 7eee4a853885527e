"""Fetching an archive over HTTP: resumed where it broke off, bounded in size, whole or not at all.

While it comes, ``NAME.part`` holds its bytes and ``NAME.etag`` says of which version they are.
"""

import os
import re
import sys
import time
import zipfile
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
class Patience:
    """How long to put up with a server.

    ``stall`` is how many seconds may pass without a byte, ``tries`` how many tries in a row may
    bring nothing new. Between two of them lie ``pause`` seconds, then twice as many each time.
    """

    stall: float = 30.0
    tries: int = 6
    pause: float = 1.0


class _BrokenError(Exception):
    """A try has failed for the reason given, and the next one may fare better."""


def fetch(url: str, path: Path, largest: int, patience: Patience | None = None) -> None:
    """Fetch the ZIP archive at `url` to `path`, of at most `largest` bytes, with a progress bar.

    Goes on from what an earlier call has left, if the server can and its file is still the same.
    Raises `DataError` for an address of no use, for a file that is too large, and where `patience`
    comes to its end; `OSError` for a disk that fails or has too little room.
    """
    patience = patience or Patience()
    part = path.with_name(f"{path.name}.part")
    furthest = failures = 0
    with requests.Session() as session:
        while True:
            try:
                _go_on(session, url, part, largest, patience.stall)
                break
            except (ValueError, requests.TooManyRedirects) as error:
                raise DataError(
                    f"{url} does not lead to a file on the web: give an address that begins with "
                    "https:// or http://."
                ) from error
            except (requests.RequestException, _BrokenError) as error:
                reason = _reason(error, patience)
            held = part.stat().st_size if part.exists() else 0
            failures = 1 if held > furthest else failures + 1
            furthest = max(furthest, held)
            if failures >= patience.tries:
                raise DataError(
                    f"{url} could not be fetched: {reason}. See whether the connection works, then "
                    "give the same command again; what has come is kept."
                )
            pause = patience.pause * 2 ** (failures - 1)
            tqdm.write(f"{reason}; trying again in {pause:g} s", file=sys.stderr)
            time.sleep(pause)
    os.replace(part, path)
    _etag(part).unlink(missing_ok=True)


def _go_on(session: requests.Session, url: str, part: Path, largest: int, stall: float) -> None:
    """Append to `part` what it lacks; raises `_BrokenError` if it is no whole archive then."""
    held, version = _state(part)
    headers = {"Accept-Encoding": "identity"}  # offsets are those of the file itself
    if held:
        headers |= {"Range": f"bytes={held}-", "If-Range": version}
    with session.get(url, headers=headers, stream=True, timeout=stall) as response:
        if not _continues(response, part, held, version):
            held = 0
            _begin(response, part)
        _receive(response, part, held, largest)
    if not zipfile.is_zipfile(part):  # a server need not say how long its file is
        raise _BrokenError("what came is not a whole ZIP archive")


def _state(part: Path) -> tuple[int, str]:
    """How many bytes there are and the ETag that they belong to; without one they are no use."""
    if not (part.exists() and _etag(part).exists()):
        return 0, ""
    version = _etag(part).read_text("ascii", "replace")
    return (part.stat().st_size, version) if _STRONG_ETAG.fullmatch(version) else (0, "")


def _continues(response: requests.Response, part: Path, held: int, version: str) -> bool:
    """Whether an answer goes on from the bytes held or begins anew; raises if it does neither."""
    status = response.status_code
    if status == 200:
        return False
    if status == 206:
        begin = response.headers.get("Content-Range", "").startswith(f"bytes {held}-")
        if held and begin and response.headers.get("ETag", version) == version:
            return True
    if status in (206, 416):
        part.unlink(missing_ok=True)
        raise _BrokenError("the server's file is no longer what it was")
    if status in _BUSY or status >= 500:
        raise _BrokenError(f"the server answers {status}")
    raise DataError(
        f"{response.url} cannot be fetched, the server answers {status}: see in a browser where "
        "the corpus is now, and give the address of its ZIP archive with --from."
    )


def _begin(response: requests.Response, part: Path) -> None:
    """Forget what is held, and remember the version that comes now."""
    part.unlink(missing_ok=True)
    version = response.headers.get("ETag", "")
    if _STRONG_ETAG.fullmatch(version):
        _etag(part).write_text(version, "ascii")
    else:
        _etag(part).unlink(missing_ok=True)


def _receive(response: requests.Response, part: Path, held: int, largest: int) -> None:
    """Append the body of an answer; urllib3 raises where it ends before its announced length."""
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


def _reason(error: Exception, patience: Patience) -> str:
    """What has failed, in a few words; requests wraps it in what urllib3 wraps it in."""
    if isinstance(error, _BrokenError):
        return str(error)
    inner = error.args[0] if error.args else error
    name = type(getattr(inner, "reason", inner)).__name__
    if "Timeout" in name:
        return f"nothing came for {patience.stall:g} s"
    return f"the connection failed ({name})"


def _etag(part: Path) -> Path:
    return part.with_suffix(".etag")
