"""Fine-tuning with the Hugging Face Trainer: goes on after a kill, with less where memory ends."""

import contextlib
import math
import os
import re
import signal
import tempfile
import threading
from collections.abc import Iterator
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
from training.models.encoders.hub import longest_window, pieces_of, read_base
from training.models.encoders.precision import while_training
from training.models.encoders.tokens import Pieces, pooled
from training.models.encoders.torch_network import TorchNetwork, device, out_of_memory

if TYPE_CHECKING:
    from labels.dataset import Dataset

# What torch, safetensors and the system say of a full disk.
_DISK_FULL = (
    *("No space left", "Disk quota", "iostream error", "unexpected pos", "file write failed"),
    "PytorchStreamWriter failed",
)


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned encoder.

    Attributes:
        model: of transformers, float32, in evaluation mode.
        tokenizer: of transformers.
        pieces: the same, as it is used here.
        duration: the share of the planned passes that was best.
        notes: what a person should know of it.
    """

    model: Any
    tokenizer: Any
    pieces: Pieces
    duration: float
    notes: tuple[str, ...]


def fine_tune(dataset: "Dataset", settings: CamembertSettings, fitting: Fitting) -> Tuned:
    """Fine-tune the base model on a dataset; where memory runs out, with half as much at once.

    Raises:
        InputError: the base model is not there, the loss is no number, or memory does not suffice.
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
                    f"memory does not suffice ({reason}). Choose a smaller window, a batch_size "
                    "that is a power of 2, a smaller base model, or a machine with more memory."
                )
            fitting.log(
                f"out of memory: going on with {settings.batch_size // parts} windows at once "
                f"(steps of {settings.batch_size} as before)"
            )


class _OutOfMemoryError(Exception):
    """A smaller batch could do."""


@contextlib.contextmanager
def _folder(fitting: Fitting) -> Iterator[Path]:
    """Where tokens and checkpoints go: a temporary folder where nothing is to be kept."""
    if fitting.folder is None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    fitting.folder.mkdir(parents=True, exist_ok=True)
    yield fitting.folder


def _attempt(
    dataset: "Dataset", settings: CamembertSettings, fitting: Fitting, folder: Path
) -> Tuned:
    """Train from the last complete checkpoint, if there is one, to the end."""
    transformers.set_seed(fitting.seed)
    place = device(fitting.runtime)
    tokenizer, model = _base(dataset, settings, place)
    pieces = pieces_of(tokenizer, settings.base_model)
    longest = longest_window(tokenizer, model.config)
    if settings.window > longest:
        raise InputError(
            f"{settings.base_model}: reads {longest} pieces at once; window is {settings.window}. "
            "Lower it in the recipe."
        )
    if settings.frozen_layers > model.config.num_hidden_layers:
        raise InputError(
            f"frozen_layers is {settings.frozen_layers}; {settings.base_model} has "
            f"{model.config.num_hidden_layers} layers."
        )
    windows = pieces.windows(dataset.texts, settings.learn_plan)
    rows = token_table(windows, dataset.gold, folder)
    epochs = max(
        settings.epochs, math.ceil(settings.min_steps / math.ceil(len(rows) / settings.batch_size))
    )
    order = Order(rows["length"], settings.batch_size, fitting.seed)
    with fitting.track("fine-tuning", 1) as advance:
        watch = Watch(
            model=model,
            epochs=epochs,
            stop_after=max(1, round(epochs * (fitting.duration or 1))),
            patience=settings.patience,
            look=_look(model, pieces, settings, fitting, place),
            checkpoint_steps=settings.checkpoint_steps if fitting.folder else None,
            advance=advance,
            epoch_began=order.begin,
        )
        trainer = _Trainer(
            model=model,
            args=_arguments(settings, fitting, folder, epochs, place),
            train_dataset=rows,
            data_collator=Collate(pieces.pad),
            callbacks=[watch],
            optimizers=(_optimizer(model, settings, place), None),
        )
        trainer.order = order
        trainer.objective = _Objective.of(dataset, settings)
        _train(trainer, watch, last_complete(folder), fitting)
    model = trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    if watch.best is not None:
        model.load_state_dict(watch.best)
    made = watch.best_epoch or watch.stop_after
    notes = (
        _beyond_one_window(pieces, dataset.texts, settings),
        f"{made} of {epochs} planned passes over {len(rows)} windows",
    )
    return Tuned(model.float().eval(), tokenizer, pieces, made / epochs, notes)


def _train(trainer: "_Trainer", watch: Watch, checkpoint: Path | None, fitting: Fitting) -> None:
    if checkpoint:
        fitting.log(f"going on from step {step_of(checkpoint)}")
        watch.restore(checkpoint)
    trainer.remove_callback(transformers.PrinterCallback)
    try:
        with _ctrl_c(watch):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except (RuntimeError, MemoryError, OSError, SafetensorError) as error:
        if any(sign in str(error) for sign in _DISK_FULL):
            raise InputError(
                f"{trainer.args.output_dir}: no space left for a checkpoint. Free some space and "
                "run the same command again: it goes on from the last one. Earlier runs are "
                "untouched."
            ) from error
        if out_of_memory(error):
            raise _OutOfMemoryError(str(error).partition("\n")[0][:200]) from error
        raise
    if watch.interrupted:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _ctrl_c(watch: Watch) -> Iterator[None]:
    """Ctrl-C finishes the step and writes a checkpoint; a second one stops at once."""
    alone = "RANK" not in os.environ and threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not alone or before is not signal.default_int_handler:
        yield
        return

    def finish(_number: int, _frame: object) -> None:
        """Let the step end; the next Ctrl-C is Python's own again."""
        watch.interrupted = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, finish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Trainer(transformers.Trainer):
    """The Trainer with an order of its own for each epoch, and the loss of several choices."""

    order: Order
    objective: "_Objective"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.model_accepts_loss_kwargs = False  # the loss is a mean, so it is divided by the parts

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The mean loss of a batch's windows."""
        logits = model(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).logits.float()
        loss = self.objective.loss(logits, inputs["labels"], inputs["weight"])
        if not torch.isfinite(loss.detach()):
            raise InputError(
                f"the loss is no number at step {self.state.global_step + 1}. Lower learning_rate, "
                "or set mixed to float32. Earlier runs are untouched."
            )
        return (loss, logits) if return_outputs else loss


@dataclass(frozen=True)
class _Objective:
    """Cross-entropy over a softmax, or over a sigmoid for each category.

    Attributes:
        single: which of the two.
        weights: float (k,), how much a category's articles count.
    """

    single: bool
    weights: torch.Tensor

    @classmethod
    def of(cls, dataset: "Dataset", settings: CamembertSettings) -> "_Objective":
        gold = dataset.gold
        single = dataset.taxonomy.choice == "single"
        weights = np.ones(gold.shape[1])
        if settings.class_weights == "balanced":
            positive = np.maximum(gold.sum(axis=0), 1)
            weights = len(gold) / (gold.shape[1] * positive) if single else len(gold) / positive - 1
        return cls(single, torch.tensor(np.sqrt(weights) if not single else weights).float())

    def loss(self, logits: Any, gold: Any, counts: Any) -> Any:
        """A scalar; logits, gold: (n, k); counts: (n,), how much each window counts."""
        weights = self.weights.to(logits.device)
        if self.single:
            each = torch.nn.functional.cross_entropy(
                logits, gold.argmax(dim=1), weight=weights, reduction="none"
            )
        else:
            each = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, gold, pos_weight=weights, reduction="none"
            ).mean(dim=1)
        return (each * counts).sum() / counts.sum()


def _base(dataset: "Dataset", settings: CamembertSettings, place: str) -> tuple[Any, Any]:
    """The base model with a fresh head of the dataset's categories."""
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
        ignore_mismatched_sizes=True,  # a base that was a classifier of something else
        # On a CPU in bfloat16 a fifth faster than the default (DECISIONS.md).
        **({"attn_implementation": "eager"} if place == "cpu" else {}),
    )
    for module in model.modules():  # random numbers for every pair of pieces: slow on a CPU
        if type(module).__name__.endswith("SelfAttention") and hasattr(module, "dropout"):
            module.dropout = torch.nn.Dropout(0.0)
    return tokenizer, model


def _optimizer(model: Any, settings: CamembertSettings, place: str) -> torch.optim.Optimizer:
    """AdamW; a lower layer learns slower than the one above it, the fresh head fastest."""
    count = model.config.num_hidden_layers
    groups: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in model.named_parameters():
        depth = _depth(name, model.base_model_prefix, count)
        if depth is None:
            factor = settings.head_factor
        elif depth < settings.frozen_layers:
            parameter.requires_grad = False
            continue
        else:
            factor = settings.layer_decay ** (count - 1 - depth)
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((factor * settings.learning_rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": each, "lr": lr, "weight_decay": d} for (lr, d), each in groups.items()],
        fused=place in ("cpu", "cuda") or place.startswith("cuda:"),
    )


def _depth(name: str, prefix: str, count: int) -> int | None:
    """The layer of a parameter, from 0; -1: the embeddings; None: the head."""
    if not name.startswith(f"{prefix}."):
        return None
    layer = re.search(r"\.layers?\.(\d+)\.", name)
    if layer:
        return int(layer[1])
    return -1 if "embed" in name else count - 1


def _arguments(
    settings: CamembertSettings, fitting: Fitting, folder: Path, epochs: int, place: str
) -> Any:
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    at_once = settings.batch_size // settings.accumulation
    if at_once % processes:
        raise InputError(
            f"{at_once} windows at once can't be shared by {processes} processes. Choose a "
            f"batch_size that is a multiple of {processes}."
        )
    mixed = while_training(settings.mixed, place)
    return transformers.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=epochs,
        per_device_train_batch_size=at_once // processes,
        gradient_accumulation_steps=settings.accumulation,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=settings.warmup,
        bf16=mixed == "bfloat16",
        fp16=mixed == "float16",
        use_cpu=place == "cpu",
        ddp_backend="gloo" if place == "cpu" and processes > 1 else None,
        save_strategy="no",
        save_total_limit=2,
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=place != "cpu",
        seed=fitting.seed,
    )


def _look(
    model: Any, pieces: Pieces, settings: CamembertSettings, fitting: Fitting, place: str
) -> Any:
    """What measures the macro-F1 on the held-out articles, or None."""
    held_out = fitting.held_out
    if held_out is None or not held_out.examples or fitting.duration is not None:
        return None
    windows = pieces.windows(held_out.texts, settings.plan)
    flat = [each for several in windows for each in several]
    gold, single = held_out.gold, held_out.taxonomy.choice == "single"
    dtype = getattr(torch, while_training(settings.mixed, place))
    network = TorchNetwork(logits_of(model), gold.shape[1], pieces.pad, fitting.runtime)

    def look() -> float:
        """The macro-F1 of the model as it is now."""
        model.eval()
        with torch.autocast(place.partition(":")[0], dtype, enabled=dtype != torch.float32):
            scores = pooled(network.outputs(flat), windows)
        model.train()
        return macro_f1(scores, gold, single=single)

    return look


def _beyond_one_window(pieces: Pieces, texts: list[str], settings: CamembertSettings) -> str:
    """What share of articles, and of their text, one window can't hold, and what is read."""
    room = settings.window - len(pieces.before) - len(pieces.after)
    sizes = np.array([len(each) for each in pieces.ids(texts)])
    beyond = np.maximum(sizes - room, 0)
    names = {"all": "every window", "head": "the first", "head-tail": "the first and the last"}
    return (
        f"{(beyond > 0).mean():.0%} of the articles are longer than one window of "
        f"{settings.window} pieces, {beyond.sum() / max(sizes.sum(), 1):.0%} of the text lies "
        f"beyond it; learned from {names[settings.learn_windows]}, read by "
        f"{names[settings.windows]}"
    )
