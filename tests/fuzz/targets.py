"""What is fuzzed: a table of names, functions, and shares of the inputs."""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A function that takes any bytes, and fails only by a bug.

    Attributes:
        place: "module:function" in this folder; the module is imported when it is needed.
        share: of all inputs; those that take long get few.
        longest: bytes of an input.
    """

    place: str
    share: float
    longest: int = 4096


def load(place: str) -> Callable[[bytes], None]:
    """Return the function of a target, by its place."""
    check: Callable[[bytes], None] = pkgutil.resolve_name(f"tests.fuzz.{place}")
    return check


TARGETS = {
    "text": Target("readers:check_text", 0.106),
    "html": Target("readers:check_html", 0.004),
    "markdown": Target("readers:check_markdown", 0.04),
    "csv": Target("readers:check_csv", 0.12),
    "jsonl": Target("readers:check_jsonl", 0.12),
    "parquet": Target("readers:check_parquet", 0.02, 64),
    "compressed": Target("readers:check_compressed", 0.04),
    "encoding": Target("readers:check_encoding", 0.10),
    "clean": Target("readers:check_clean", 0.08),
    "dates": Target("readers:check_dates", 0.08, 256),
    "run": Target("runs:check_run", 0.04, 256),
    "request": Target("requests:check_request", 0.10, 1024),
    "export": Target("labelling:check_export", 0.05, 256),
    "interface": Target("labelling:check_interface", 0.03, 1024),
    "labels": Target("labelling:check_labels", 0.04, 256),
    "settings": Target("labelling:check_settings", 0.03, 1024),
}
