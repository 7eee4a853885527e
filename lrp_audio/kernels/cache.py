"""Compiled kernels on disk, in numba's cache; a cache that cannot be used is no error."""

import logging
import pickle
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache
from numba.core.runtime.nrt import rtsys

_DIGEST_BYTES = sha256().digest_size
_reporting = Lock()  # never released: held once this process has made its report


class KernelCache(FunctionCache):
    """numba's cache of one function, without its errors.

    A file that cannot be read counts as missing: the kernel is compiled, and the file replaced.
    Failure to write a file is reported once in each process.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp(), _stamp_of_kernels()
        self._cache_file = _CheckedFiles(self.cache_path, self._impl.filename_base, stamp)

    # A damaged file may raise any exception when it is unpickled and linked.

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled kernel for the signature `sig`, or None.

        numba's own method first registers everything that its compiler knows, for which it imports
        scipy.linalg: a quarter of a second. Machine code only needs the functions that it calls,
        which are those of numba's runtime. The compiler registers the rest itself when it is used.
        """
        try:
            rtsys.initialize(target_context)
            return self._load_overload(sig, target_context)
        except Exception:
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store `data`, the kernel compiled for the signature `sig`, if possible."""
        try:
            self._save(sig, data)
        except Exception as error:
            _report(f"in {self.cache_path} ({getattr(error, 'strerror', None) or error})")

    def _save(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:
            raise
        except Exception:  # the index is damaged: begin a new one
            self.flush()
            super().save_overload(sig, data)


@cache
def _stamp_of_kernels() -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file of kernels: a kernel holds code of the others it calls."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        about = path.stat()
        found.append((path.name, about.st_mtime_ns, about.st_size))
    return tuple(found)


class NoCache(NullCache):
    """Replaces the cache where numba finds no folder to write to."""

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Store nothing, which is reported once in each process."""
        _report("(no folder for them can be written to)")


def cache_of(function: Any) -> KernelCache | NoCache:
    """The cache of a kernel, in the folder that numba chooses or NUMBA_CACHE_DIR names."""
    try:
        return KernelCache(function)
    except (RuntimeError, OSError):  # no folder is writable, or none is any longer
        return NoCache()


class _CheckedFiles(IndexDataCacheFile):
    """numba's files with a digest at the end, because damaged machine code must not run.

    The data are stored with their key and the stamp of the source: two processes that write at the
    same time may choose the same file name for different signatures.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (self._source_stamp, key, data))

    def load(self, key: Any) -> Any:
        found = super().load(key)
        if found is None:
            return None
        stamp, kept, data = found
        return data if (stamp, kept) == (self._source_stamp, key) else None

    def _dump(self, obj: Any) -> bytes:
        data: bytes = super()._dump(obj)
        return data + sha256(data).digest()

    def _load_index(self) -> Any:
        version = pickle.dumps(self._version, protocol=-1)
        try:
            content = Path(self._index_path).read_bytes()
        except FileNotFoundError:
            return {}
        if not content.startswith(version):
            return {}  # written by another version of numba
        _check(content[len(version) :])
        return super()._load_index()

    def _load_data(self, name: str) -> Any:
        _check(Path(self._data_path(name)).read_bytes())
        return super()._load_data(name)


def _check(content: bytes) -> None:
    data, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    if sha256(data).digest() != digest:
        raise ValueError("The file is damaged.")


def _report(where: str) -> None:
    if _reporting.acquire(blocking=False):
        logging.getLogger("lrp_audio").warning(
            "The compiled kernels could not be kept %s, so each process compiles them anew, which "
            "takes ten to twenty seconds; NUMBA_CACHE_DIR may name another folder.",
            where,
        )
