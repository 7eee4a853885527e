"""The digest of a model that lies in several files."""

from hashlib import sha256


class FilesDigest:
    """SHA-256 of the bytes that a model is made of, added in the order in which they are read."""

    def __init__(self) -> None:
        """Start without bytes."""
        self._hash = sha256()

    def add(self, name: str, data: bytes | bytearray) -> None:
        """Add `data`, which was read from the file `name`."""
        self._hash.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
        self._hash.update(data)

    @property
    def hex(self) -> str:
        """The digest of all that has been added."""
        return self._hash.hexdigest()
