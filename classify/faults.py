"""Faults and notes of the articles that are read: all are counted, the first are shown."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from classify.terminal import escape, quantity, say
from seeds.base.errors import Fault

Kind = Literal["fault", "note"]
_ROW = re.compile(r":\d{1,20}: ")  # where a line says which row of a file it is about
LINES_SHOWN = 20  # of each kind: a table in a wrong format has as many faults as records


class FaultCounter:
    """Counts articles, faults and notes, and shows the first lines of each kind.

    Attributes:
        articles: how many could be read.
        faults: how many records could not be read.
        notes: how many assumptions were made in reading articles.
    """

    def __init__(
        self,
        show: Callable[[Kind, str], object] = lambda _kind, line: say(line),
        record: Callable[[Kind, Fault], object] = lambda _kind, _fault: None,
    ) -> None:
        """Count from zero.

        Args:
            show: takes the first LINES_SHOWN lines of each kind; standard error by default.
            record: takes every fault and every note, the latter as a Fault too.
        """
        self.articles = self.faults = self.notes = 0
        self._show, self._record = show, record
        self._notes_shown: set[str] = set()  # without the numbers of their rows
        self._shown: dict[Kind, int] = {"fault": 0, "note": 0}

    def add_fault(self, fault: Fault) -> None:
        """Count a record that could not be read."""
        self.faults += 1
        self._add("fault", fault)

    def add_note(self, source: str, message: str) -> None:
        """Count an assumption made in reading an article."""
        self.notes += 1
        self._add("note", Fault(source, message))

    def add_counts(self, articles: int, faults: int, notes: int) -> None:
        """Add what another counter counted; its lines are shown by `show`."""
        self.articles += articles
        self.faults += faults
        self.notes += notes

    def show(self, kind: Kind, line: str) -> None:
        """Show a line unless LINES_SHOWN of its kind, or a note like it on its file, have been."""
        if self._shown[kind] < LINES_SHOWN:
            like = _ROW.sub(": ", line, count=1)
            if kind == "note" and like in self._notes_shown:
                return
            self._notes_shown.add(like)
            self._shown[kind] += 1
            self._show(kind, line)

    def mark_shown(self) -> None:
        """Treat what has been counted as shown, as by the command that is resumed."""
        self._shown = {
            "fault": min(LINES_SHOWN, self.faults),
            "note": min(LINES_SHOWN, self.notes),
        }

    def conclude(self, rejects: Path | None = None) -> None:
        """Say how much was not shown. rejects: the file that holds every fault."""
        if hidden := self.notes - self._shown["note"]:
            say(f"{quantity(hidden, 'more note')} not shown.")
        if self.faults > LINES_SHOWN or (rejects and self.faults):
            where = f"; see {rejects}" if rejects else ""
            say(f"{quantity(self.faults, 'record')} could not be read{where}.")

    def _add(self, kind: Kind, fault: Fault) -> None:
        self._record(kind, fault)
        self.show(kind, f"{escape(fault.where)}: {fault.message}")


def first_lines(faults: Sequence[Fault]) -> list[str]:
    """Return a line for each of the first faults or notes, and one that counts the others."""
    lines = [f"{escape(fault.where)}: {fault.message}" for fault in faults[:LINES_SHOWN]]
    more = len(faults) - LINES_SHOWN
    return [*lines, f"… and {more:,} more"] if more > 0 else lines


def fault_line(fault: Fault) -> bytes:
    """Return a fault as a line of JSON: where, message, and the record itself if it is known."""
    record = {"where": fault.where, "message": fault.message}
    if fault.raw:
        record["raw"] = fault.raw
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "replace")
