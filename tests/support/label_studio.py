"""The Label Studio of a test session."""

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from labels.server import server
from labels.server.installation import VERSION

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "classify-tests"
PRISTINE = _CACHE / f"label-studio-{VERSION}"  # one that has migrated its database


@dataclass(frozen=True)
class LabelStudio:
    """A running server and the workspace it belongs to."""

    workspace: Path
    server: server.Server


def copy_server(source: Path, target: Path) -> None:
    """Copy a workspace's server, even a running one: the copy needs no minute for migrations."""
    old_folder, folder = source / "label-studio", target / "label-studio"
    folder.mkdir(mode=0o700)
    shutil.copy2(old_folder / "credentials.json", folder)
    old = sqlite3.connect(old_folder / "label_studio.sqlite3")
    new = sqlite3.connect(folder / "label_studio.sqlite3")
    old.backup(new)
    old.close()
    new.close()
