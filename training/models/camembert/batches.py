"""What a fine-tuning learns from: windows in a table, in an order for each epoch, in batches."""

import math
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from seeds.base.errors import InputError, missing_extra
from training.arrays import BoolArray
from training.models.encoders.batching import pad_windows

UNKNOWN = -1.0  # the label of a pair of article and category that is not known
_MEGABATCH = 16  # batches whose windows are sorted by length together, then shuffled


def token_table(
    windows: list[list[list[int]]], gold: BoolArray, known: BoolArray, folder: Path
) -> Any:
    """Write the windows as a memory-mapped table: input_ids, labels, length, weight.

    Args:
        windows: of each article, token ids.
        gold: bool (articles, k).
        known: bool (articles, k); the labels of other pairs are UNKNOWN.
        folder: to write into.

    Raises:
        InputError: the package is missing, or the disk is full.
    """
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise missing_extra("camembert", "Fine-tuning") from error

    datasets.disable_progress_bars()
    labels = np.where(known, gold.astype(np.float32), UNKNOWN)
    path = folder / f"tokens-{os.environ.get('RANK', '0')}"
    shutil.rmtree(path, ignore_errors=True)
    rows = [
        (article, position, window)
        for article, article_windows in enumerate(windows)
        for position, window in enumerate(article_windows, 1)
    ]
    table = datasets.Dataset.from_dict(
        {
            "input_ids": [window for _, _, window in rows],
            "labels": [labels[article].tolist() for article, _, _ in rows],
            "length": [len(window) for _, _, window in rows],
            "weight": [1 / math.sqrt(position) for _, position, _ in rows],
        }
    )
    try:
        table.save_to_disk(str(path))
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror or error}. Free some space and run the same command again."
        ) from error
    return datasets.load_from_disk(str(path))


class Order(torch.utils.data.Sampler[int]):
    """Windows of like lengths in a batch; the order depends on the seed and the epoch alone."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self.lengths, self.batch, self.seed = np.array(lengths), batch, seed
        self.epoch = 0

    def begin(self, epoch: int) -> None:
        """Switch to the order of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        shuffled = rng.permutation(len(self.lengths))
        batches = []
        for begin in range(0, len(shuffled), self.batch * _MEGABATCH):
            part = shuffled[begin : begin + self.batch * _MEGABATCH]
            part = part[np.argsort(-self.lengths[part], kind="stable")]
            batches += [part[n : n + self.batch] for n in range(0, len(part), self.batch)]
        full = [batch for batch in batches if len(batch) == self.batch]
        rest = [batch for batch in batches if len(batch) < self.batch]
        ordered = [full[n] for n in rng.permutation(len(full))] + rest
        return iter([int(n) for batch in ordered for n in batch])


@dataclass(frozen=True)
class Collate:
    """Turns rows of the token table into a batch of tensors."""

    pad: int

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Return input_ids, attention_mask: int64 (n, longest); labels: (n, k); weight: (n,)."""
        ids, mask = pad_windows([row["input_ids"] for row in rows], self.pad)
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "labels": torch.tensor([row["labels"] for row in rows]),
            "weight": torch.tensor([row["weight"] for row in rows]),
        }
