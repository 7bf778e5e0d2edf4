"""Faults and notes: all are counted, the first of each kind are shown."""

import json
from pathlib import Path

import pytest

from classify.faults import FaultCounter, Kind, fault_line
from seeds.base.errors import Fault


def test_twenty_lines_of_each_kind_are_shown_and_all_are_counted_and_recorded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorded: list[tuple[Kind, str]] = []
    counter = FaultCounter(record=lambda kind, fault: recorded.append((kind, fault.where)))
    for n in range(25):
        counter.add_fault(Fault(f"a.csv:{n}", "is empty"))
        counter.add_note(f"b.csv:{n}", f"{n} characters lost")
    assert (counter.faults, counter.notes) == (25, 25)
    assert [where for kind, where in recorded if kind == "fault"] == [
        f"a.csv:{n}" for n in range(25)
    ]
    shown = capsys.readouterr().err.splitlines()
    assert [line for line in shown if line.startswith("a")] == [
        f"a.csv:{n}: is empty" for n in range(20)
    ]
    assert len(shown) == 40
    counter.conclude(Path("rejects.jsonl"))
    assert capsys.readouterr().err.splitlines() == [
        "5 more notes not shown.",
        "25 records could not be read; see rejects.jsonl.",
    ]


def test_the_same_note_on_other_rows_of_a_file_hides_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counter = FaultCounter()
    for n in range(1, 61):
        counter.add_note(f"a.csv:{n}", "cp1252 assumed")
    counter.add_note("a.csv:61", "3 characters lost")
    counter.add_note("b.csv:1", "cp1252 assumed")
    counter.conclude()
    assert capsys.readouterr().err.splitlines() == [
        "a.csv:1: cp1252 assumed",
        "a.csv:61: 3 characters lost",
        "b.csv:1: cp1252 assumed",
        "59 more notes not shown.",
    ]


def test_few_faults_without_a_file_need_no_summary(capsys: pytest.CaptureFixture[str]) -> None:
    counter = FaultCounter(show=lambda _kind, _line: None)
    counter.add_fault(Fault("a.txt", "is empty"))
    counter.conclude()
    assert capsys.readouterr().err == ""


def test_lines_shown_by_an_interrupted_command_count_as_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counter = FaultCounter()
    counter.add_counts(articles=100, faults=19, notes=0)
    counter.mark_shown()
    counter.add_fault(Fault("a", "x"))
    counter.add_fault(Fault("b", "x"))
    assert capsys.readouterr().err == "a: x\n"
    assert (counter.articles, counter.faults) == (100, 21)


def test_a_source_can_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    FaultCounter().add_fault(Fault("a\n\x1b[31m.txt", "is empty"))
    assert capsys.readouterr().err == "a\\n\\x1b[31m.txt: is empty\n"


def test_a_fault_is_a_line_of_json_with_the_record_if_it_is_known() -> None:
    assert json.loads(fault_line(Fault("a:1", "is vide à moitié"))) == {
        "where": "a:1",
        "message": "is vide à moitié",
    }
    line = fault_line(Fault("a:1", "x", "é\ud800\n"))
    assert line.count(b"\n") == 1
    assert json.loads(line)["raw"] == "é?\n"
