"""The log on standard error: short on a terminal, JSON elsewhere."""

import json
import logging
import sys

from classify.terminal import escape


def log_to_stderr() -> None:
    """A line a record: short on a terminal, JSON elsewhere; nothing in it can steer a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Short() if sys.stderr.isatty() else _Json())
    for name in ("classify", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # each bad request is no news
    logging.getLogger("uvicorn.access").handlers[:] = []
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # the client hears of it


class _Short(logging.Formatter):
    """For a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """A line, or a traceback."""
        facts = getattr(record, "facts", {})
        more = " ".join(f"{name} {value}" for name, value in facts.items() if name in _SHORT)
        line = escape(
            f"{self.formatTime(record, '%H:%M:%S')} {record.getMessage()}  {more}".rstrip()
        )
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


_SHORT = ("ms", "texts", "refused")


class _Json(logging.Formatter):
    """For machines."""

    def format(self, record: logging.LogRecord) -> str:
        """A JSON object on a line."""
        facts = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname}
        facts |= getattr(record, "facts", None) or {"message": record.getMessage()}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps(facts)
