"""Downloading a public corpus: fetched, unpacked aside, checked, and only then put in its place."""

from pathlib import Path

from lrp_audio.data.archives import unpack
from lrp_audio.data.fetch import Patience, fetch
from lrp_audio.data.public import PublicCorpus
from lrp_audio.errors import DataError
from lrp_audio.files import remove_leftovers, staged


def download(
    corpus: PublicCorpus, folder: Path, url: str | None = None, patience: Patience | None = None
) -> bool:
    """Put `corpus` into `folder`, from its authors or from `url`; False if it is there already.

    The recordings appear all at once. Until then `folder` keeps the archive or what has come of it,
    and the next call goes on with that. Raises `DataError` for what cannot be fetched, is not the
    whole corpus or stands in its way; `OSError` where the disk fails.
    """
    home = folder / corpus.folder
    if home.exists():
        try:
            corpus.check(home)
        except DataError as error:
            raise DataError(f"{error} Move {home} away or give another folder.") from error
        return False
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{corpus.name}.zip"
    if not archive.exists():
        fetch(url or corpus.url, archive, corpus.largest, patience)
    remove_leftovers(folder)
    with staged(folder) as aside:
        try:
            unpack(archive, corpus.place, aside, corpus.largest)
            corpus.check(aside / corpus.folder)
        except DataError as error:
            reason = str(error).replace(str(aside), str(archive))
            raise DataError(
                f"{reason} Nothing was put in place; remove {archive} to fetch it anew, or unpack "
                "it yourself to use it as it is."
            ) from error
    archive.unlink()
    return True
