"""Fine-tuning with the Hugging Face Trainer: resumes after a kill, uses less where memory ends."""

import contextlib
import itertools
import math
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers
from safetensors import SafetensorError

from seeds.base.errors import InputError
from training.model import Fitting
from training.models.camembert.batches import Collate, Order, token_table
from training.models.camembert.callback import Watch, last_complete, macro_f1, step_of
from training.models.camembert.logits import logits_of
from training.models.camembert.settings import CamembertSettings
from training.models.camembert.trainer import (
    Objective,
    WindowTrainer,
    make_optimizer,
    training_arguments,
)
from training.models.encoders.hub import longest_window, read_base, wrap_tokenizer
from training.models.encoders.networks.precision import choose_precision
from training.models.encoders.networks.torch_network import TorchNetwork, device, is_out_of_memory
from training.models.encoders.tokens import Tokenizer, pool_windows

if TYPE_CHECKING:
    from labels.dataset import Dataset

# In the messages of torch, safetensors and the system about a full disk.
_DISK_FULL = (
    *("No space left", "Disk quota", "iostream error", "unexpected pos", "file write failed"),
    "PytorchStreamWriter failed",
)


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned encoder.

    Attributes:
        model: of transformers, float32, in evaluation mode.
        hub_tokenizer: of transformers, to be saved.
        tokenizer: the same, to cut texts into windows.
        duration: the share of the planned passes that was best.
        notes: what a person should know of the fit.
    """

    model: Any
    hub_tokenizer: Any
    tokenizer: Tokenizer
    duration: float
    notes: tuple[str, ...]


def fine_tune(dataset: "Dataset", settings: CamembertSettings, fitting: Fitting) -> Tuned:
    """Fine-tune the base model on a dataset; where memory runs out, with half as much at once.

    Raises:
        InputError: the base model does not exist, the loss is not a number, or memory does not
            suffice.
        KeyboardInterrupt: after Ctrl-C, once the step is done and a checkpoint is written.
    """
    if fitting.runtime.threads:
        torch.set_num_threads(fitting.runtime.threads)
    parts = settings.accumulation
    with _folder(fitting) as folder:
        while True:
            try:
                return _attempt(dataset, replace(settings, accumulation=parts), fitting, folder)
            except _OutOfMemoryError as error:
                reason = str(error)
            parts *= 2
            if settings.batch_size % parts:
                raise InputError(
                    f"not enough memory ({reason}). Choose a smaller window, a batch_size "
                    "that is a power of 2, a smaller base model, or a machine with more memory."
                )
            fitting.log(
                f"out of memory: continuing with {settings.batch_size // parts} windows at once "
                f"(steps of {settings.batch_size} as before)"
            )


class _OutOfMemoryError(Exception):
    """A smaller batch could succeed."""


@contextlib.contextmanager
def _folder(fitting: Fitting) -> Iterator[Path]:
    """Provide a folder for tokens and checkpoints: a temporary one if nothing is to be kept."""
    if fitting.folder is None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    fitting.folder.mkdir(parents=True, exist_ok=True)
    yield fitting.folder


def _attempt(
    dataset: "Dataset", settings: CamembertSettings, fitting: Fitting, folder: Path
) -> Tuned:
    """Train to the end, from the last complete checkpoint if there is one."""
    transformers.set_seed(fitting.seed)
    place = device(fitting.runtime)
    hub_tokenizer, model = _read_base(dataset, settings, place)
    tokenizer = wrap_tokenizer(hub_tokenizer, settings.base_model)
    _check_size(settings, longest_window(hub_tokenizer, model.config), model.config)
    windows = tokenizer.windows(dataset.texts, settings.learn_plan)
    table = token_table(windows, dataset.gold, dataset.known, folder)
    steps = math.ceil(len(table) / settings.batch_size)  # of an epoch
    epochs = max(settings.epochs, math.ceil(settings.min_steps / steps))
    order = Order(table["length"], settings.batch_size, fitting.seed)
    with fitting.track("fine-tuning", 1) as advance:
        watch = Watch(
            model=model,
            epochs=epochs,
            stop_after=max(1, round(epochs * (fitting.duration or 1))),
            patience=settings.patience,
            evaluate=_evaluation(model, tokenizer, settings, fitting, place),
            checkpoint_steps=settings.checkpoint_steps if fitting.folder else None,
            on_progress=advance,
            on_epoch=order.begin,
        )
        trainer = WindowTrainer(
            model=model,
            args=training_arguments(settings, fitting.seed, folder, epochs, place),
            train_dataset=table,
            data_collator=Collate(tokenizer.pad),
            callbacks=[watch],
            optimizers=(make_optimizer(model, settings, place), None),
        )
        trainer.order = order
        trainer.objective = Objective.of(dataset, settings)
        _train(trainer, watch, last_complete(folder, fitting.log), fitting)
    model = trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    if watch.best is not None:
        model.load_state_dict(watch.best)
    passes = watch.best_epoch or watch.stop_after
    notes = (
        _describe_windows(tokenizer, dataset.texts, settings),
        f"{passes} of {epochs} planned passes over {len(table)} windows",
    )
    return Tuned(model.float().eval(), hub_tokenizer, tokenizer, passes / epochs, notes)


def _check_size(settings: CamembertSettings, longest: int, config: Any) -> None:
    """Refuse settings that the base model is too small for."""
    if settings.window > longest:
        raise InputError(
            f"{settings.base_model}: reads at most {longest} tokens at once; window is "
            f"{settings.window}. Lower it in the recipe."
        )
    if settings.frozen_layers > config.num_hidden_layers:
        raise InputError(
            f"frozen_layers is {settings.frozen_layers}; {settings.base_model} has only "
            f"{config.num_hidden_layers} layers. Lower it in the recipe."
        )


def _train(trainer: WindowTrainer, watch: Watch, checkpoint: Path | None, fitting: Fitting) -> None:
    if checkpoint:
        fitting.log(f"resuming from step {step_of(checkpoint)}")
        watch.restore(checkpoint)
    trainer.remove_callback(transformers.PrinterCallback)
    try:
        with _finish_on_ctrl_c(watch):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except (RuntimeError, MemoryError, OSError, SafetensorError) as error:
        if any(sign in str(error) for sign in _DISK_FULL):
            raise InputError(
                f"{trainer.args.output_dir}: no space left for a checkpoint. Free some space and "
                "run the same command again: it resumes from the last checkpoint. Earlier runs "
                "are untouched."
            ) from error
        if is_out_of_memory(error):
            raise _OutOfMemoryError(str(error).partition("\n")[0][:200]) from error
        raise
    if watch.interrupted:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _finish_on_ctrl_c(watch: Watch) -> Iterator[None]:
    """Let Ctrl-C finish the step and write a checkpoint; a second one stops at once."""
    is_alone = "RANK" not in os.environ and threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    if not is_alone or handler is not signal.default_int_handler:
        yield
        return

    def finish(_number: int, _frame: object) -> None:
        """Let the step end; the next Ctrl-C is Python's own again."""
        watch.interrupted = True
        signal.signal(signal.SIGINT, handler)

    signal.signal(signal.SIGINT, finish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _read_base(dataset: "Dataset", settings: CamembertSettings, place: str) -> tuple[Any, Any]:
    """Read the tokenizer and the base model, with a fresh head of the dataset's categories."""
    ids = dataset.taxonomy.ids
    single = dataset.taxonomy.choice == "single"
    tokenizer, model = read_base(
        settings.base_model,
        "AutoModelForSequenceClassification",
        dtype=torch.float32,
        num_labels=len(ids),
        id2label=dict(enumerate(ids)),
        label2id={name: n for n, name in enumerate(ids)},
        problem_type="single_label_classification" if single else "multi_label_classification",
        ignore_mismatched_sizes=True,  # a base that classified something else
        # On a CPU in bfloat16 a fifth faster than the default (DECISIONS.md).
        **({"attn_implementation": "eager"} if place == "cpu" else {}),
    )
    for module in model.modules():  # random numbers for every pair of tokens: slow on a CPU
        if type(module).__name__.endswith("SelfAttention") and hasattr(module, "dropout"):
            module.dropout = torch.nn.Dropout(0.0)
    return tokenizer, model


def _evaluation(
    model: Any, tokenizer: Tokenizer, settings: CamembertSettings, fitting: Fitting, place: str
) -> Callable[[], float] | None:
    """Return a function that measures macro-F1 on the held-out articles; None without any."""
    held_out = fitting.held_out
    if held_out is None or not held_out.examples or fitting.duration is not None:
        return None
    windows = tokenizer.windows(held_out.texts, settings.plan)
    all_windows = list(itertools.chain.from_iterable(windows))
    gold, known = held_out.gold, held_out.known
    single = held_out.taxonomy.choice == "single"
    dtype = getattr(torch, choose_precision(settings.mixed, place))
    module = _Mixed(logits_of(model), place, dtype)
    network = TorchNetwork(module, gold.shape[1], tokenizer.pad, fitting.runtime)

    def evaluate() -> float:
        """Return the macro-F1 of the model as it is now."""
        model.eval()
        scores = pool_windows(network.outputs(all_windows), windows)
        model.train()
        return macro_f1(scores, gold, known, single=single)

    return evaluate


class _Mixed(torch.nn.Module):
    """A module whose products are computed in another precision than that of its weights."""

    def __init__(self, module: Any, place: str, dtype: torch.dtype) -> None:
        super().__init__()
        self.module, self.place, self.dtype = module, place.partition(":")[0], dtype

    def forward(self, ids: Any, mask: Any) -> Any:
        """Return the module's output."""
        with torch.autocast(self.place, self.dtype, enabled=self.dtype != torch.float32):
            return self.module(ids, mask)


def _describe_windows(tokenizer: Tokenizer, texts: list[str], settings: CamembertSettings) -> str:
    """Describe how many articles, and how much text, exceed one window, and what is read."""
    room = settings.window - len(tokenizer.prologue) - len(tokenizer.epilogue)
    sizes = np.array([len(ids) for ids in tokenizer.ids(texts)])
    beyond = np.maximum(sizes - room, 0)
    names = {
        "all": "every window",
        "head": "the first window",
        "head-tail": "the first and the last window",
    }
    return (
        f"{(beyond > 0).mean():.0%} of the articles are longer than one window of "
        f"{settings.window} tokens, {beyond.sum() / max(sizes.sum(), 1):.0%} of the text lies "
        f"beyond it; training reads {names[settings.learn_windows]} of an article, prediction "
        f"{names[settings.windows]}"
    )
