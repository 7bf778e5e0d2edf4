"""The Label Studio of a test session."""

from dataclasses import dataclass
from pathlib import Path

from labels.server import server


@dataclass(frozen=True)
class LabelStudio:
    """A running server and the workspace it belongs to."""

    workspace: Path
    server: server.Server
