"""The log on standard error: short lines on a terminal, JSON elsewhere."""

import json
import logging
import sys

from classify.terminal import escape


def log_to_stderr() -> None:
    """Log one line per record, in which nothing can control a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_ShortFormatter() if sys.stderr.isatty() else _JsonFormatter())
    for name in ("classify", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # bad requests are common
    logging.getLogger("uvicorn.access").handlers[:] = []
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # the client is told


class _ShortFormatter(logging.Formatter):
    """Formats records for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, and a traceback if there is one."""
        facts = getattr(record, "facts", {})
        details = " ".join(f"{name} {fact}" for name, fact in facts.items() if name in _SHORT)
        line = escape(
            f"{self.formatTime(record, '%H:%M:%S')} {record.getMessage()}  {details}".rstrip()
        )
        traceback = self.formatException(record.exc_info) if record.exc_info else ""
        return "\n".join([line, *map(escape, traceback.splitlines())])


_SHORT = ("ms", "texts", "refused")


class _JsonFormatter(logging.Formatter):
    """Formats records for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a JSON object on one line."""
        facts = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname}
        facts |= getattr(record, "facts", None) or {"message": record.getMessage()}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps(facts)
