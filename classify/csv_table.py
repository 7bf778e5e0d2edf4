"""Records as a CSV table that a spreadsheet opens as it is."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> str:
    """Return a header and a line for each record; lists are joined by ";", None is empty."""
    rows = ([_cell(record[name]) for name in columns] for record in records)
    return "".join(csv_line(row) for row in ([*columns], *rows))


def csv_line(values: Sequence[Any]) -> str:
    """Return a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)  # else it would not quote a bare \r
    return line.getvalue().removesuffix("\r\n") + "\n"


def defuse(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def _cell(value: Any) -> Any:
    """Return a value as it stands in a cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        value = ";".join(map(str, value))
    return defuse(value) if isinstance(value, str) else value
