"""JSONL -> blocks of whole lines, which cost next to nothing to read and to hand on."""

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
_PATIENCE = 0.05  # seconds waited for more before lines that are whole are handed on
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
        first: the number of the first line, from 1.
        data: the lines with their ends.
        too_long: where it is not 0, the line `first` has more bytes than that, and is left out.
    """

    first: int
    data: bytes
    too_long: int = 0

    def numbered_lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines without their ends, each with its number."""
        if not self.too_long:
            yield from enumerate(self.data.removesuffix(b"\n").split(b"\n"), self.first)

    @property
    def paused(self) -> bool:
        """Whether it only says that more may be long in coming."""
        return not self.data and not self.too_long

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it but white space."""
        return not self.too_long and _INK.search(self.data) is None

    def faults(self, where: str) -> Iterator[Fault]:
        """What is wrong with the block as a whole, at most one thing."""
        if self.too_long:
            yield too_long(f"{where}:{self.first}", self.too_long)


def too_long(where: str, limit: int) -> Fault:
    """What to say of a line above the limit."""
    return Fault(where, f"is longer than {format_size(limit)}. Raise it with --max-size.")


def read_blocks(
    opened: IO[bytes], limit: int, *, size: int = SIZE, count: int = COUNT, prompt: bool = False
) -> Iterator[Block]:
    """The lines of a file in blocks; where they are cut depends on nothing but the bytes.

    Args:
        opened: the file.
        limit: bytes of a line; of a longer one no more than that (or a block) is held.
        size, count: bytes and lines of a block.
        prompt: where a pipe makes one wait, hand on what there is; the cuts then depend on time
            as well. A block without data says that more may be long in coming.

    Raises:
        InputError: it is no text.
    """
    pull, longest = _pull(opened, size), max(limit, size)
    held, first, ended = bytearray(), 1, False
    while held or not ended:
        end = _cut(held, size, count, ended)
        if end > longest or (not end and len(held) > longest):
            yield Block(first, b"", too_long=limit)
            ended = _skip_line(held, pull)
            first += 1
        elif end:
            block = Block(first, bytes(memoryview(held)[:end]))
            del held[:end]
            yield block
            first += block.data.count(b"\n")
        else:
            if prompt and not _ready(opened):
                if whole := held.rfind(b"\n") + 1:
                    yield Block(first, bytes(held[:whole]))
                    first += held.count(b"\n", 0, whole)
                    del held[:whole]
                yield Block(first, b"")
            piece = pull()
            held += piece
            ended = not piece
            if ended and damage(opened):
                del held[held.rfind(b"\n") + 1 :]


def _cut(held: bytearray, size: int, count: int, ended: bool) -> int:
    """Where the first block ends; 0 if that can't be said before more is read."""
    if ended and len(held) <= size:
        end = len(held)
    elif len(held) >= size:
        end = held.rfind(b"\n", 0, size) + 1 or held.find(b"\n", size) + 1
        end = end or (len(held) if ended else 0)
    else:
        end = held.rfind(b"\n") + 1
        if held.count(b"\n") < count:
            return 0
    if held.count(b"\n", 0, end) > count:
        end = 0
        for _ in range(count):
            end = held.find(b"\n", end) + 1
    return end


def _skip_line(held: bytearray, pull: Callable[[], bytes]) -> bool:
    """Pass over the first line, however long; says whether the file ended."""
    while (end := held.find(b"\n") + 1) == 0:
        held.clear()
        piece = pull()
        if not piece:
            return True
        held += piece
    del held[:end]
    return False


def _pull(opened: IO[bytes], size: int) -> Callable[[], bytes]:
    """What gives the next bytes, in UTF-8 if the file begins with the mark of a wider encoding."""

    def plain() -> bytes:
        """What is there, without waiting for more; b"" at the end."""
        if isinstance(opened, Plain):
            return opened.read(min(size, 1 << 18))
        return opened.read1(size)  # type: ignore[attr-defined, no-any-return]

    first = plain()
    refuse_binary(first)
    wide = next((codec for mark, codec in _WIDE if first.startswith(mark)), None)
    ahead = [first]
    if wide is None:
        return lambda: ahead.pop() if ahead else plain()
    decoder = codecs.getincrementaldecoder(wide)("replace")

    def narrow() -> bytes:
        """The next characters, as UTF-8."""
        while True:
            piece = ahead.pop() if ahead else plain()
            text = decoder.decode(piece, final=not piece)
            if text or not piece:
                return text.encode("utf-8", "replace")

    return narrow


def _ready(opened: IO[bytes]) -> bool:
    """Whether more is there, or comes at once; what is no pipe is always ready."""
    try:
        return bool(select.select([opened], [], [], _PATIENCE)[0])
    except (OSError, ValueError):
        return True
