"""The progress of a fine-tuning: evaluations on held-out articles, checkpoints, resuming."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from transformers import TrainerCallback

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import replacing, sha256, sync, write_text
from training.arrays import BoolArray, Float32Array
from training.model import Log

_EVALUATIONS = 8  # on the held-out articles in a training that makes all its passes
_COMPLETE = "complete.json"  # written last, so that half a checkpoint is never resumed
_PARTS = ("model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json")


@dataclass
class Watch(TrainerCallback):
    """Follows a training step by step, and adds to the Trainer's checkpoints all they lack.

    Attributes:
        model: the one being trained.
        epochs: passes planned.
        stop_after: passes to make.
        patience: evaluations in a row that may be no better; 0: all planned passes are made.
        evaluate: returns the macro-F1 on held-out articles; None: there are none.
        checkpoint_steps: between two checkpoints; None: none is written.
        on_progress: called with (steps done, steps in all).
        on_epoch: called with the number of each epoch that begins.
        best, best_epoch, best_score: the weights of the best evaluation, its epoch, its macro-F1.
        since: evaluations since the best one.
        interrupted: set by Ctrl-C: the step is finished, a checkpoint written.
    """

    model: Any
    epochs: int
    stop_after: int
    patience: int
    evaluate: Callable[[], float] | None
    checkpoint_steps: int | None
    on_progress: Callable[[int, int], None]
    on_epoch: Callable[[int], None]
    best: dict[str, Any] | None = field(default=None, repr=False)
    best_epoch: int = 0
    best_score: float = -1.0
    since: int = 0
    saved_at: int = 0
    interrupted: bool = False

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Give each epoch an order of its own, the same after a kill."""
        self.on_epoch(state.global_step * self.epochs // state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for a checkpoint when one is due; at an epoch's end only after the evaluation."""
        steps = max(state.max_steps * self.stop_after // self.epochs, 1)
        self.on_progress(min(state.global_step, steps), steps)
        if self.interrupted:
            control.should_training_stop = True
            control.should_save = self.checkpoint_steps is not None
        elif state.global_step * self.epochs % state.max_steps:
            control.should_save = self._is_due(state)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Evaluate on the held-out articles; stop when they get no better."""
        if self.interrupted:
            return
        epoch = state.global_step * self.epochs // state.max_steps
        interval = max(1, round(self.epochs / _EVALUATIONS))
        if self.evaluate and (epoch % interval == 0 or epoch == self.epochs):
            self._compare(epoch, self.evaluate())
        out_of_patience = self.patience and self.since >= self.patience
        if out_of_patience or epoch >= self.stop_after:
            control.should_training_stop = True
        control.should_save = not control.should_training_stop and self._is_due(state)

    def _compare(self, epoch: int, score: float) -> None:
        """Keep the better weights; of equals the later, which learned longer."""
        self.since += 1
        if score >= self.best_score:
            self.best_score, self.best_epoch, self.since = score, epoch, 0
            weights = self.model.state_dict()
            self.best = {name: array.detach().cpu().clone() for name, array in weights.items()}

    def _is_due(self, state: Any) -> bool:
        if self.checkpoint_steps is None:
            return False
        return bool(state.global_step - self.saved_at >= self.checkpoint_steps)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Complete a checkpoint: the best weights so far, then the mark that it is complete."""
        self.saved_at = state.global_step
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.barrier()  # the other processes have written their parts
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.best is not None:
            with replacing(folder / "best.safetensors") as file:
                file.write(save({name: array.contiguous() for name, array in self.best.items()}))
        files = sorted(folder.iterdir())
        for path in files:
            sync(path)
        hashes = tuple(_FileHash(path.name, sha256(path)) for path in files)
        record = _Record(self.best_epoch, self.best_score, self.since, hashes)
        write_text(folder / _COMPLETE, json.dumps(asdict(record)))

    def restore(self, checkpoint: Path) -> None:
        """Read what `on_save` wrote."""
        record = _read_record(checkpoint)
        self.best_epoch, self.best_score = record.epoch, record.score
        self.since, self.saved_at = record.since, step_of(checkpoint)
        if self.best_epoch:
            self.best = load_file(checkpoint / "best.safetensors")


@dataclass(frozen=True, slots=True)
class _FileHash:
    """The SHA-256 of a file of a checkpoint."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Record:
    """The contents of complete.json: the best evaluation so far, and the checkpoint's files."""

    epoch: int
    score: float
    since: int
    files: tuple[_FileHash, ...]


def _read_record(checkpoint: Path) -> _Record:
    path = checkpoint / _COMPLETE
    return parse(read_object(path, "Train again."), _Record, str(path))


def step_of(checkpoint: Path) -> int:
    """Return the step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


def last_complete(folder: Path, log: Log) -> Path | None:
    """Return the newest complete checkpoint; the Trainer alone would resume half of one.

    Others are removed; one that was complete and was damaged since is logged.
    """
    found = [path for path in folder.glob("checkpoint-*") if path.name[11:].isdecimal()]
    for checkpoint in sorted(found, key=step_of, reverse=True):
        if _is_complete(checkpoint):
            return checkpoint
        if (checkpoint / _COMPLETE).exists():
            log(f"{checkpoint}: damaged, so it is removed and not resumed from")
        shutil.rmtree(checkpoint, ignore_errors=True)
    return None


def _is_complete(checkpoint: Path) -> bool:
    """Tell whether all files are there, as they were written."""
    try:
        files = {file.name: file.sha256 for file in _read_record(checkpoint).files}
        unaltered = all(sha256(checkpoint / name) == digest for name, digest in files.items())
    except (InputError, OSError):
        return False
    return unaltered and files.keys() >= {*_PARTS}


def macro_f1(scores: Float32Array, gold: BoolArray, known: BoolArray, *, single: bool) -> float:
    """Return macro-F1 over the categories that have articles; at the best common threshold.

    Args:
        scores: float32 (n, k).
        gold: bool (n, k).
        known: bool (n, k), the pairs that count.
        single: each article's best category holds, without a threshold.
    """
    if single:
        return _f1(np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None], gold)
    thresholds = np.quantile(scores, np.linspace(0.5, 0.995, 40))
    return max(_f1((scores >= threshold) & known, gold) for threshold in thresholds)


def _f1(predicted: BoolArray, gold: BoolArray) -> float:
    hits, sizes = (predicted & gold).sum(axis=0), predicted.sum(axis=0) + gold.sum(axis=0)
    present = gold.any(axis=0)
    return float((2 * hits / np.maximum(sizes, 1))[present].mean()) if present.any() else 0.0
