"""A run whose manifest is forged."""

import hashlib
import json
from pathlib import Path


def forge_manifest(run: Path) -> None:
    """Make a run's manifest fit its files, whatever was done to them."""
    hashes = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in run.iterdir()
        if file.name != "manifest.json"
    }
    (run / "manifest.json").write_text(json.dumps(hashes))
