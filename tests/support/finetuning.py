"""Fine-tunings as a person starts them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PYTHON = sys.executable


def recipe(folder: Path, **changed: Any) -> Path:
    """Write a camembert.toml for a training of seconds."""
    settings = {
        "window": 64,
        "overlap": 8,
        "epochs": 2,
        "min_steps": 60,
        "learning_rate": 0.006,
        "layer_decay": 1.0,
        "head_factor": 1.0,
        "mixed": "float32",
        "checkpoint_steps": 8,
        **changed,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    path = folder / "camembert.toml"
    head = "folds = 2\ntest = 0.0\ncurve_repeats = 0\n[model]\n"
    path.write_text(head + "\n".join(lines))
    return path


def command(folder: Path, base: Path, *options: str) -> list[str]:
    """Return the arguments of `classify` that fine-tune a base model in a workspace."""
    return [
        *("train", "camembert", "--base-model", str(base), "--workspace", str(folder)),
        *("--config", str(folder / "camembert.toml"), *options),
    ]


def start(folder: Path, base: Path, *options: str) -> "subprocess.Popen[str]":
    """Start a fine-tuning in a process of its own."""
    arguments = [PYTHON, "-m", "classify", *command(folder, base, *options)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def checkpoint_of(folder: Path, fit: str) -> Callable[[], list[Path]]:
    """Return a function that lists the complete checkpoints of a fit."""
    return lambda: list(folder.glob(f"training/camembert-*/{fit}/checkpoint-*/complete.json"))
