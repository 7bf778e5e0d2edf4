"""The log: one line a record, in which nothing a client sent can control a terminal."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from classify.serving.logs import log_to_stderr

HOSTILE = "\x1b[31mred\x1b[0m\nforged line\r\u202e"


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """Put the loggers back."""
    loggers = [logging.getLogger(name) for name in ("classify", "uvicorn.error")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def log_into(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Let the service log into a stream, and return it."""
    monkeypatch.setattr(sys, "stderr", stream)
    log_to_stderr()
    return stream


def test_a_line_on_a_terminal_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a traceback, line by line."""
    log = log_into(Terminal(), monkeypatch)
    logging.getLogger("classify.access").info(HOSTILE, extra={"facts": {"ms": 3, "texts": HOSTILE}})
    (line,) = log.getvalue().splitlines()
    assert line.isprintable()
    assert "red" in line
    logging.getLogger("classify").error("a bug", exc_info=ValueError(HOSTILE))
    assert all(line.isprintable() for line in log.getvalue().split("\n"))
    assert "ValueError" in log.getvalue()


def test_a_line_elsewhere_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_into(io.StringIO(), monkeypatch)
    logging.getLogger("classify.access").info("…", extra={"facts": {"route": HOSTILE}})
    (line,) = log.getvalue().splitlines()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["route"] == HOSTILE


def test_requests_that_are_not_http_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody can send them; a traceback has its line."""
    log = log_into(io.StringIO(), monkeypatch)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert log.getvalue() == ""
    logging.getLogger("uvicorn.error").error("a bug", exc_info=ValueError(HOSTILE))
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["traceback"].startswith("ValueError")
