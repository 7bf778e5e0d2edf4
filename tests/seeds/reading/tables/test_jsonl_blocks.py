"""Where lines of a stream are cut."""

import io
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seeds.reading.tables.jsonl_blocks import Block, read_blocks


class Pieces(io.RawIOBase):
    """A pipe that gives its bytes in pieces of the sizes it is told."""

    def __init__(self, data: bytes, sizes: Iterator[int]) -> None:
        self.data, self.sizes = data, sizes

    def read1(self, most: int) -> bytes:
        size = min(most, next(self.sizes, most))
        given, self.data = self.data[:size], self.data[size:]
        return given


def cuts(data: bytes, sizes: list[int]) -> list[Block]:
    opened: Any = Pieces(data, iter(sizes))
    return list(read_blocks(opened, limit=40, size=20, count=3))


@given(
    st.lists(st.text("ab\n", max_size=60).map(str.encode), max_size=12).map(b"".join),
    st.lists(st.integers(1, 70), max_size=40),
)
def test_lines_are_cut_by_nothing_but_the_bytes_and_none_is_lost(
    data: bytes, sizes: list[int]
) -> None:
    there = cuts(data, sizes)
    assert there == cuts(data, [])
    numbered = [each for block in there for each in block.numbered_lines()]
    long = [block.number for block in there if block.too_long]
    wanted = data.removesuffix(b"\n").split(b"\n") if data else []
    read = dict(numbered)
    assert sorted([*read, *long]) == list(range(1, len(wanted) + 1))
    assert all(read[n] == wanted[n - 1] for n in read)
    assert all(len(wanted[n - 1]) >= 40 for n in long)
    for block in there:
        assert block.data.count(b"\n") <= 3
        assert len(block.data) <= 20 or len(list(block.numbered_lines())) == 1
