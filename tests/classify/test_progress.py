"""How far long work is: a bar on a terminal, plain lines elsewhere."""

import io
import sys
import time

import pytest

from classify.progress import show_progress, track_count, track_items


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def terminal_in_place_of_stderr(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Replace standard error; not in a fixture, since pytest replaces it after those."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_items_pass_and_a_line_every_five_seconds_says_how_many_and_the_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []
    for item in track_items(range(20), "Reading", total=20):
        seen.append(item)
        clock.now += 1.0
    assert seen == list(range(20))
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 5 of 20, about 15 s left",
        "Reading: 10 of 20, about 10 s left",
        "Reading: 15 of 20, about 5 s left",
        "Reading: 20 of 20",
    ]


def test_without_a_total_only_the_number_is_shown(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in track_items(range(1200), "Reading"):
        clock.now += 1 / 128  # exact in binary
    assert capsys.readouterr().err == "Reading: 640\n"


def test_the_time_left_of_resumed_work_ignores_what_was_done_before(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with track_count("Training", 1000) as count:
        clock.now += 30  # a model is loaded
        for step in range(500, 511):
            count(step, 1000)
            clock.now += 1.0
    assert capsys.readouterr().err.splitlines() == [
        "Training: 500 of 1,000",
        "Training: 505 of 1,000, about 8 min left",
        "Training: 510 of 1,000, about 8 min left",
    ]


def test_a_terminal_gets_a_bar_with_the_details_that_vanishes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_in_place_of_stderr(monkeypatch)
    with show_progress("Labelling [x]", 200) as shown:
        shown.show(50, 200, "50 articles", "5 a second")
    assert "Labelling [x]" in terminal.getvalue()
    assert "50 articles, 5 a second" in terminal.getvalue()


def test_a_bar_that_is_delayed_or_not_wanted_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_in_place_of_stderr(monkeypatch)
    with show_progress("Labelling", delay=1.0) as shown:
        assert not shown.due
    with show_progress("Labelling", bar=False) as shown:
        assert not shown.due
    assert terminal.getvalue() == ""
