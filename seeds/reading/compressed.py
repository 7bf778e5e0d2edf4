"""Compressed files read as plain bytes; one that is cut short gives all that is whole."""

import io
from typing import IO, Any, cast

from seeds.base.errors import InputError, missing_extra

CODECS = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}  # suffix -> name
_BUFFER = 1 << 18  # bytes of plain data held in memory
_STEP = 1 << 12  # bytes asked of a decompressor at once


class Plain(io.BufferedReader):
    """The plain bytes of a compressed file. They end where it is damaged; `damage` tells why."""

    def __init__(self, packed: IO[bytes], codec: str) -> None:
        """Open it; raise InputError where the library that reads the codec is not installed."""
        self.packed = packed
        self._reader = _Reader(packed, codec)
        super().__init__(self._reader, _BUFFER)

    @property
    def damage(self) -> str:
        """The error that ended the bytes too early, once they have ended, else ""."""
        return self._reader.damage


def damage(opened: IO[bytes]) -> str:
    """Return the error that ended a file's bytes too early, else ""."""
    return opened.damage if isinstance(opened, Plain) else ""


def position(opened: IO[bytes]) -> int:
    """Return how many bytes of the file on the disk have been read, compressed or not."""
    return (opened.packed if isinstance(opened, Plain) else opened).tell()


class _Reader(io.RawIOBase):
    """Bytes from a decompressor, which may raise any exception."""

    def __init__(self, packed: IO[bytes], codec: str) -> None:
        self._packed, self._codec = packed, codec
        self._inner = _open(packed, codec)
        self._spent: list[IO[bytes]] = []  # pyarrow's close the file when they are collected
        self._at = 0  # of the plain bytes
        self.damage = ""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Tell whether it can be read twice."""
        return self._packed.seekable()

    def tell(self) -> int:
        """Return how many plain bytes have been read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place by reading on, or again from the start if it lies behind."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the start")
        if offset < self._at:
            self._packed.seek(0)
            self._spent.append(self._inner)
            self._inner, self._at, self.damage = _open(self._packed, self._codec), 0, ""
        while self._at < offset and self.read(min(_BUFFER, offset - self._at)):
            pass
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, at least in part; 0 at the end, and where the data is damaged."""
        try:
            # A step that fails loses the bytes it had read before: steps are small.
            data = self._inner.read1(min(len(buffer), _STEP))  # type: ignore[attr-defined]
        except Exception as error:  # EOFError, OSError, zlib's, lzma's and pyarrow's own
            self.damage = str(error)
            return 0
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _open(packed: IO[bytes], codec: str) -> IO[bytes]:
    """Open the decompressor of a file. Modules load late: most inputs are not compressed."""
    try:
        if codec == "gzip":
            import gzip

            return cast(IO[bytes], gzip.GzipFile(fileobj=packed))
        if codec == "bz2":
            import bz2

            return bz2.BZ2File(packed)
        if codec == "xz":
            import lzma

            return lzma.LZMAFile(packed)
    except ImportError as error:  # Python can be built without them
        raise InputError(
            f"is {codec}-compressed, which this Python can't read. Decompress it."
        ) from error
    try:
        import pyarrow as pa
    except ImportError as error:
        raise missing_extra("seeds", "reading .zst") from error
    return cast(IO[bytes], pa.CompressedInputStream(packed, "zstd"))
