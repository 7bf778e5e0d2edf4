"""How far a fine-tuning is: looks at held-out articles, checkpoints, and going on from one."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from transformers import TrainerCallback

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.storage import replacing, sync, write_text
from training.arrays import BoolArray, Float32Array

_LOOKS = 8  # at the held-out articles in a whole training
_DONE = "complete.json"  # written last, so that half of a checkpoint is never resumed
_PARTS = ("model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json", _DONE)


@dataclass
class Watch(TrainerCallback):
    """Follows a training step by step; all that a checkpoint adds to the Trainer's own is here.

    Attributes:
        model: the one being trained.
        epochs: passes planned.
        stop_after: passes to be made.
        patience: looks in a row that may be no better; 0: all planned passes are made.
        look: the macro-F1 on held-out articles; None: there are none.
        checkpoint_steps: between two checkpoints; None: nothing is kept.
        advance: hears of (steps done, of how many).
        best, best_epoch, best_score: the weights of the best look, which it was, its macro-F1.
        since: looks without getting better.
        interrupted: set by Ctrl-C: the step is finished, a checkpoint written.
        epoch_began: hears of the number of each epoch.
    """

    model: Any
    epochs: int
    stop_after: int
    patience: int
    look: Callable[[], float] | None
    checkpoint_steps: int | None
    advance: Callable[[int, int], None]
    epoch_began: Callable[[int], None]
    best: dict[str, Any] | None = field(default=None, repr=False)
    best_epoch: int = 0
    best_score: float = -1.0
    since: int = 0
    saved_at: int = 0
    interrupted: bool = False

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Each epoch has an order of its own, the same after a kill."""
        self.epoch_began(state.global_step * self.epochs // state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A checkpoint now and then; at an epoch's end only after the look."""
        of = max(state.max_steps * self.stop_after // self.epochs, 1)
        self.advance(min(state.global_step, of), of)
        if self.interrupted:
            control.should_training_stop = True
            control.should_save = self.checkpoint_steps is not None
        elif state.global_step * self.epochs % state.max_steps:
            control.should_save = self._due(state)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look at the held-out articles; stop where nothing gets better."""
        if self.interrupted:
            return
        epoch = state.global_step * self.epochs // state.max_steps
        every = max(1, round(self.epochs / _LOOKS))
        if self.look and (epoch % every == 0 or epoch == self.epochs):
            self._compare(epoch, self.look())
        tired = self.patience and self.since >= self.patience
        if tired or epoch >= self.stop_after:
            control.should_training_stop = True
        control.should_save = not control.should_training_stop and self._due(state)

    def _compare(self, epoch: int, score: float) -> None:
        """Keep the better weights; of equals the later, which learned longer."""
        self.since += 1
        if score >= self.best_score:
            self.best_score, self.best_epoch, self.since = score, epoch, 0
            weights = self.model.state_dict()
            self.best = {name: each.detach().cpu().clone() for name, each in weights.items()}

    def _due(self, state: Any) -> bool:
        if self.checkpoint_steps is None:
            return False
        return bool(state.global_step - self.saved_at >= self.checkpoint_steps)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Complete a checkpoint: the best weights so far, then the mark that all is there."""
        self.saved_at = state.global_step
        if not state.is_world_process_zero:
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.best is not None:
            with replacing(folder / "best.safetensors") as file:
                file.write(save({name: each.contiguous() for name, each in self.best.items()}))
        for each in folder.iterdir():
            sync(each)
        record = {"epoch": self.best_epoch, "score": self.best_score, "since": self.since}
        write_text(folder / _DONE, json.dumps(record))

    def restore(self, checkpoint: Path) -> None:
        """Take up what `on_save` wrote."""
        record = read_object(checkpoint / _DONE, "Train again.")
        self.best_epoch, self.best_score = record["epoch"], record["score"]
        self.since, self.saved_at = record["since"], step_of(checkpoint)
        if self.best_epoch:
            self.best = load_file(checkpoint / "best.safetensors")


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


def last_complete(folder: Path) -> Path | None:
    """The newest checkpoint that is all there; the Trainer alone would take half of one."""
    for each in sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True):
        if _complete(each):
            return each
        shutil.rmtree(each)
    return None


def _complete(checkpoint: Path) -> bool:
    from safetensors import safe_open

    if not all((checkpoint / name).is_file() for name in _PARTS):
        return False
    try:
        for each in checkpoint.glob("*.safetensors"):
            with safe_open(each, "np"):
                pass
        for name in ("trainer_state.json", _DONE):
            read_object(checkpoint / name)
    except (InputError, OSError, SafetensorError):
        return False
    return True


def macro_f1(scores: Float32Array, gold: BoolArray, *, single: bool) -> float:
    """Over the categories with articles; for multiple choice at the one cut that is best."""
    if single:
        return _f1(np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None], gold)
    cuts = np.quantile(scores, np.linspace(0.5, 0.995, 40))
    return max(_f1(scores >= cut, gold) for cut in cuts)


def _f1(held: BoolArray, gold: BoolArray) -> float:
    hits, both = (held & gold).sum(axis=0), held.sum(axis=0) + gold.sum(axis=0)
    there = gold.any(axis=0)
    return float((2 * hits / np.maximum(both, 1))[there].mean()) if there.any() else 0.0
