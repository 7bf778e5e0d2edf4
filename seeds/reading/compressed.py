"""Compressed files read as plain bytes; of one that is cut short, what is whole comes first."""

import io
from typing import IO, Any, cast

from seeds.base.errors import InputError, missing_extra

CODECS = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}  # suffix -> name
_AT_ONCE = 1 << 18  # bytes of plain data held
_STEP = 1 << 12  # bytes asked of a decompressor at once


class Plain(io.BufferedReader):
    """The plain bytes of a compressed file. Damage ends them, and is then known."""

    def __init__(self, packed: IO[bytes], codec: str) -> None:
        """Raises InputError where the library that reads the codec is not installed."""
        self.packed = packed
        self._reader = _Reader(packed, codec)
        super().__init__(self._reader, _AT_ONCE)

    @property
    def damage(self) -> str:
        """What ended the bytes before their time, once they have ended; or ""."""
        return self._reader.damage


def damage(opened: IO[bytes]) -> str:
    """What ended a file's bytes before their time, or ""."""
    return opened.damage if isinstance(opened, Plain) else ""


def position(opened: IO[bytes]) -> int:
    """How many bytes of the file as it lies on the disk have been read."""
    return (opened.packed if isinstance(opened, Plain) else opened).tell()


class _Reader(io.RawIOBase):
    """Bytes from a decompressor, which may fail as it likes."""

    def __init__(self, packed: IO[bytes], codec: str) -> None:
        self._packed, self._codec = packed, codec
        self._inner = _opened(packed, codec)
        self._spent: list[IO[bytes]] = []  # pyarrow's close the file when they are collected
        self._at = 0  # of the plain bytes
        self.damage = ""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read twice."""
        return self._packed.seekable()

    def tell(self) -> int:
        """How many plain bytes have been read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place by reading on, from the start if it lies behind."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only from the start")
        if offset < self._at:
            self._packed.seek(0)
            self._spent.append(self._inner)
            self._inner, self._at, self.damage = _opened(self._packed, self._codec), 0, ""
        while self._at < offset and self.read(min(_AT_ONCE, offset - self._at)):
            pass
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, at least in part; 0 at the end, and where the data is damaged."""
        try:
            # What one step had given before it failed would be lost: steps are small.
            data = self._inner.read1(min(len(buffer), _STEP))  # type: ignore[attr-defined]
        except Exception as error:  # EOFError, OSError, zlib's, lzma's and pyarrow's own
            self.damage = str(error)
            return 0
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _opened(packed: IO[bytes], codec: str) -> IO[bytes]:
    """What decompresses a file. Modules load late: most inputs are not compressed."""
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
