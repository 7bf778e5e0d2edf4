"""JSONL -> blocks of whole lines, which cost next to nothing to read and to pass on."""

import codecs
import re
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from seeds.base.errors import Fault
from seeds.reading.compressed import Plain, damage
from seeds.reading.encoding import refuse_binary
from seeds.reading.files import format_size

SIZE = 1 << 20  # bytes of a block, unless a single line has more
COUNT = 1000  # lines of a block at most
_PATIENCE = 0.05  # seconds to wait for more before whole lines are passed on
_WIDE = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_INK = re.compile(rb"[^\s\xef\xbb\xbf]")  # white space and a byte-order mark are no record


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines as they stand in a file.

    Attributes:
        number: of the first line, from 1.
        data: the lines with their ends.
        too_long: if not 0, the line `number` has more bytes than that and is left out.
    """

    number: int
    data: bytes
    too_long: int = 0

    def numbered_lines(self) -> Iterator[tuple[int, bytes]]:
        """Split the lines, each with its number and without its end."""
        if not self.too_long:
            yield from enumerate(self.data.removesuffix(b"\n").split(b"\n"), self.number)

    @property
    def paused(self) -> bool:
        """True of a block that only says that more may be long in coming."""
        return not self.data and not self.too_long

    @property
    def blank(self) -> bool:
        """True if there is nothing in it but white space."""
        return not self.too_long and _INK.search(self.data) is None

    def faults(self, where: str) -> Iterator[Fault]:
        """Report what is wrong with the block as a whole: at most one fault."""
        if self.too_long:
            yield too_long(f"{where}:{self.number}", self.too_long)


def too_long(where: str, limit: int) -> Fault:
    """Return the Fault of a line above the limit."""
    return Fault(where, f"is longer than {format_size(limit)}. Raise the limit with --max-size.")


def read_blocks(
    opened: IO[bytes], limit: int, *, size: int = SIZE, count: int = COUNT, prompt: bool = False
) -> Iterator[Block]:
    """Read the lines of a file in blocks; their boundaries depend on nothing but the bytes.

    Args:
        opened: the file.
        limit: bytes of a line; no more than that (or a block) of a longer one is held in memory.
        size, count: bytes and lines of a block.
        prompt: when a pipe makes one wait, pass on what there is; then time decides on the
            boundaries too. A block without data says that more may be long in coming.

    Raises:
        InputError: the file is no text.
    """
    pull, longest = _puller(opened, size), max(limit, size)
    buffer, number, ended = bytearray(), 1, False
    while buffer or not ended:
        end = _find_end(buffer, size, count, ended)
        if end > longest or (not end and len(buffer) > longest):
            yield Block(number, b"", too_long=limit)
            ended = _skip_line(buffer, pull)
            number += 1
        elif end:
            block = _take(buffer, number, end)
            yield block
            number += block.data.count(b"\n")
        else:
            if prompt and not _ready(opened):
                if end := buffer.rfind(b"\n") + 1:
                    block = _take(buffer, number, end)
                    yield block
                    number += block.data.count(b"\n")
                yield Block(number, b"")
            chunk = pull()
            buffer += chunk
            ended = not chunk
            if ended and damage(opened):
                del buffer[buffer.rfind(b"\n") + 1 :]


def _take(buffer: bytearray, number: int, end: int) -> Block:
    """Take the block that ends at a place out of the buffer. number: of its first line."""
    block = Block(number, bytes(memoryview(buffer)[:end]))
    del buffer[:end]
    return block


def _find_end(buffer: bytearray, size: int, count: int, ended: bool) -> int:
    """Return where the first block ends; 0 if that can't be said before more is read."""
    if ended and len(buffer) <= size:
        end = len(buffer)
    elif len(buffer) >= size:
        end = buffer.rfind(b"\n", 0, size) + 1 or buffer.find(b"\n", size) + 1
        end = end or (len(buffer) if ended else 0)
    else:
        end = buffer.rfind(b"\n") + 1
        if buffer.count(b"\n") < count:
            return 0
    if buffer.count(b"\n", 0, end) > count:
        end = 0
        for _ in range(count):
            end = buffer.find(b"\n", end) + 1
    return end


def _skip_line(buffer: bytearray, pull: Callable[[], bytes]) -> bool:
    """Skip the first line, however long; return True if the file ended."""
    while (end := buffer.find(b"\n") + 1) == 0:
        buffer.clear()
        chunk = pull()
        if not chunk:
            return True
        buffer += chunk
    del buffer[:end]
    return False


def _puller(opened: IO[bytes], size: int) -> Callable[[], bytes]:
    """Return a function that reads the next bytes.

    They come in UTF-8 even if the file begins with the mark of a wider encoding.
    """

    def read_plain() -> bytes:
        """Read what is there, without waiting for more; b"" at the end."""
        if isinstance(opened, Plain):
            return opened.read(min(size, 1 << 18))
        return opened.read1(size)  # type: ignore[attr-defined, no-any-return]

    head = read_plain()
    refuse_binary(head)
    wide = next((codec for mark, codec in _WIDE if head.startswith(mark)), None)
    ahead = [head]
    if wide is None:
        return lambda: ahead.pop() if ahead else read_plain()
    decoder = codecs.getincrementaldecoder(wide)("replace")

    def read_wide() -> bytes:
        """Read the next characters, as UTF-8."""
        while True:
            chunk = ahead.pop() if ahead else read_plain()
            text = decoder.decode(chunk, final=not chunk)
            if text or not chunk:
                return text.encode("utf-8", "replace")

    return read_wide


def _ready(opened: IO[bytes]) -> bool:
    """Tell whether more can be read at once; what is no pipe is always ready."""
    try:
        return bool(select.select([opened], [], [], _PATIENCE)[0])
    except (OSError, ValueError):
        return True
