"""A Parquet file -> records, a batch of rows at a time."""

from collections.abc import Iterator
from typing import IO, Any

from seeds.base.errors import InputError, missing_extra
from seeds.reading.tables.cells import Choose, Record, Unreadable

_BATCH = 1 << 20  # bytes of rows converted to Python at once


def parquet_records(opened: IO[bytes], choose: Choose | None) -> Iterator[Record]:
    """Read the records of a Parquet file; a value that can't be read is an Unreadable.

    Raises:
        InputError: the file can't be read further, or `choose` finds a column missing.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise missing_extra("seeds", "reading Parquet") from error
    number = 0
    try:
        # Without a buffer, each column of a row group, which may be the whole file, is in memory.
        # So it is if read ahead, and by a thread that may outlive Python's hold on the file.
        table = parquet.ParquetFile(opened, buffer_size=1 << 20, pre_buffer=False)
        columns = _choose_columns(table, choose)
        for batch in table.iter_batches(_rows_at_once(table), columns=columns, use_threads=False):
            for values in _row_values(batch):
                if choose and columns is None:
                    raise InputError("is damaged: it says that it has no rows. Write it again.")
                number += 1
                yield Record(number, values)
    except (InputError, OSError):
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            "has a column whose name is not UTF-8, as Parquet requires. Write the file again."
        ) from error
    except Exception as error:  # pyarrow's own, and whatever else a damaged file makes it raise
        if isinstance(error, MemoryError) and not isinstance(error, pa.ArrowException):
            raise
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"cannot be read as Parquet: {reason}. Write the file again.") from error


def _choose_columns(table: Any, choose: Choose | None) -> list[str] | None:
    """Return the columns to read; None for all."""
    if choose is None or not table.metadata.num_rows:
        return None
    names = table.schema_arrow.names
    columns = list(choose(names))
    if twice := next((name for name in columns if names.count(name) > 1), ""):
        raise InputError(f"has the column {twice!r} twice. Rename one of them.")
    return columns


def _rows_at_once(table: Any) -> int:
    """Return how many rows have about _BATCH bytes together."""
    groups = (table.metadata.row_group(n) for n in range(table.metadata.num_row_groups))
    widest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return max(1, min(1024, int(_BATCH / max(widest, 1))))


def _row_values(batch: Any) -> Iterator[dict[str, Any]]:
    """Convert the rows of a batch; cell by cell if one of them can't be converted."""
    try:
        rows = batch.to_pylist()
    except Exception:  # strings that are no UTF-8 after all, dates of the year 12,000
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        rows = (
            {name: _cell(column, n) for name, column in columns.items()} for n in range(len(batch))
        )
    yield from rows


def _cell(column: Any, n: int) -> Any:
    """Convert a cell; an Unreadable stands for what can't be."""
    try:
        return column[n].as_py()
    except UnicodeDecodeError:
        return Unreadable("a string that is not UTF-8")
    except Exception as error:
        return Unreadable(f"a value that cannot be read ({str(error).partition(chr(10))[0]})")
