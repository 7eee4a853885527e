"""Downloading a public corpus: fetched, unpacked aside, checked, and only then put in place."""

from collections.abc import Callable
from pathlib import Path

from lrp_audio.data.archives import unpack
from lrp_audio.data.fetch import RetryPolicy, fetch
from lrp_audio.data.public import PublicCorpus
from lrp_audio.errors import DataError
from lrp_audio.files import make_folder, staged


def download(
    corpus: PublicCorpus,
    folder: Path,
    url: str | None = None,
    policy: RetryPolicy | None = None,
    retrying: Callable[[str], object] | None = None,
) -> bool:
    """Put `corpus` into `folder`, from its authors or from `url`; False if it is there already.

    The recordings appear all at once. Until then `folder` keeps the archive or the part of it that
    was received, and the next call goes on from there. `retrying` is called as `fetch` says. Raises
    `DataError` for a corpus that cannot be fetched or is incomplete, also where an incomplete one
    is there already; `OSError` where the disk fails.
    """
    home, archive = folder / corpus.folder, folder / f"{corpus.name}.zip"
    if home.exists():
        try:
            corpus.check(home)
        except DataError as error:
            raise DataError(f"{error} Move {home} away or give another folder.") from error
        archive.unlink(missing_ok=True)  # of a process that was killed just before its end
        return False
    make_folder(folder)
    if not archive.exists():
        fetch(url or corpus.url, archive, corpus.largest, policy, retrying)
    with staged(folder) as aside:
        try:
            unpack(archive, corpus.destination, aside, corpus.largest)
            corpus.check(aside / corpus.folder)
        except DataError as error:
            reason = str(error).replace(str(aside), str(archive))
            raise DataError(
                f"{reason} Nothing was put in place; remove {archive} to fetch it anew, or unpack "
                "it yourself to use it as it is."
            ) from error
    archive.unlink()
    return True
