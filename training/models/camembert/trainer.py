"""The Hugging Face Trainer with our loss, our order of windows and our learning rates."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from seeds.base.errors import InputError
from training.models.camembert.batches import UNKNOWN, Order
from training.models.camembert.settings import CamembertSettings
from training.models.encoders.networks.precision import choose_precision

if TYPE_CHECKING:
    from labels.dataset import Dataset


class WindowTrainer(transformers.Trainer):
    """The Trainer with an order of its own for each epoch, and a loss for each kind of choice."""

    order: Order
    objective: "Objective"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.model_accepts_loss_kwargs = False  # the loss is a mean, so it is divided by the parts

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the mean loss of a batch's windows."""
        logits = model(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).logits.float()
        loss = self.objective.loss(logits, inputs["labels"], inputs["weight"])
        if not torch.isfinite(loss.detach()):
            raise InputError(
                f"the loss is not a number at step {self.state.global_step + 1}. Lower "
                "learning_rate, or set mixed to float32. Earlier runs are untouched."
            )
        return (loss, logits) if return_outputs else loss


@dataclass(frozen=True)
class Objective:
    """Cross-entropy over a softmax, or over a sigmoid for each category.

    Attributes:
        single: over a softmax.
        weights: float (k,), how much a category's articles count.
    """

    single: bool
    weights: torch.Tensor

    @classmethod
    def of(cls, dataset: "Dataset", settings: CamembertSettings) -> "Objective":
        """Choose the loss of a dataset."""
        gold, known = dataset.gold, dataset.known
        single = dataset.taxonomy.choice == "single"
        weights = np.ones(gold.shape[1])
        if settings.class_weights == "balanced":
            positive = np.maximum(gold.sum(axis=0), 1)
            counts = known.sum(axis=0)
            weights = counts / (gold.shape[1] * positive) if single else counts / positive - 1
        return cls(single, torch.tensor(np.sqrt(weights) if not single else weights).float())

    def loss(self, logits: Any, gold: Any, counts: Any) -> Any:
        """Return a scalar.

        logits, gold: (n, k), gold UNKNOWN where a pair is to teach nothing; counts: (n,), how much
        each window counts.
        """
        weights = self.weights.to(logits.device)
        if self.single:
            losses = torch.nn.functional.cross_entropy(
                logits, gold.argmax(dim=1), weight=weights, reduction="none"
            )
        else:
            pairs = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, gold, pos_weight=weights, reduction="none"
            )
            losses = (pairs * (gold != UNKNOWN)).mean(dim=1)
        return (losses * counts).sum() / counts.sum()


def make_optimizer(model: Any, settings: CamembertSettings, place: str) -> torch.optim.Optimizer:
    """Return AdamW; a lower layer learns slower than the one above it, the fresh head fastest."""
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
        [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        fused=place in ("cpu", "cuda") or place.startswith("cuda:"),
    )


def _depth(name: str, prefix: str, count: int) -> int | None:
    """Return the layer of a parameter, from 0; -1 for the embeddings, None for the head."""
    if not name.startswith(f"{prefix}."):
        return None
    layer = re.search(r"\.layers?\.(\d+)\.", name)
    if layer:
        return int(layer[1])
    return -1 if "embed" in name else count - 1


def training_arguments(
    settings: CamembertSettings, seed: int, folder: Path, epochs: int, place: str
) -> transformers.TrainingArguments:
    """Return the Trainer's arguments.

    Args:
        settings: of the recipe.
        seed: of every random choice.
        folder: of checkpoints.
        epochs: passes planned.
        place: the device's name for PyTorch.

    Raises:
        InputError: the windows of a step can't be shared evenly by the processes.
    """
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    at_once = settings.batch_size // settings.accumulation
    if at_once % processes:
        raise InputError(
            f"{at_once} windows at once can't be shared by {processes} processes. Choose a "
            f"batch_size that is a multiple of {processes}."
        )
    mixed = choose_precision(settings.mixed, place)
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
        seed=seed,
    )
