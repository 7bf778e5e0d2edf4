"""The protocol of every kind of model, and what a fit may use."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from training.arrays import Float32Array, Float64Array
from training.decision import Scaling
from training.runtime import Runtime

if TYPE_CHECKING:
    from labels.dataset import Dataset


Log = Callable[[str], None]
# (label, total) -> a context whose value takes (done, total)
Track = Callable[[str, int], AbstractContextManager[Callable[[int, int], None]]]


def _ignore_line(_line: str) -> None:
    """Ignore the line."""


def _ignore_steps(_label: str, _total: int) -> AbstractContextManager[Callable[[int, int], None]]:
    """Ignore the progress of a step."""
    return nullcontext(lambda _done, _total: None)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The context of a fit, besides its articles.

    Attributes:
        seed: of every random choice.
        held_out: articles to watch progress on, never to learn from; None: there are none.
        duration: the share of the planned passes, in (0, 1], that proved best on held-out
            articles; None: find out.
        folder: where a long fit saves what it can resume from after a kill; None: nowhere.
        runtime: where it computes.
        log: receives a line worth knowing.
        track: shows the progress of a step.
    """

    seed: int = 1
    held_out: "Dataset | None" = None
    duration: float | None = None
    folder: Path | None = None
    runtime: Runtime = field(default_factory=Runtime)
    log: Log = _ignore_line
    track: Track = _ignore_steps


class Model(Protocol):
    """A kind of model. `fit` may import what `scores` may not: predicting stays light."""

    kind: ClassVar[str]
    settings: ClassVar[type[Any]]  # a frozen dataclass, read from the recipe's [model] table
    packages: ClassVar[tuple[str, ...]]  # whose versions a run records
    resumes: ClassVar[bool]  # a fit saves checkpoints in its folder

    @property
    def duration(self) -> float | None:
        """The share of the planned passes that was best; None for a kind without that choice."""
        ...

    @property
    def computing(self) -> str:
        """Precision and device, in words; "" for a kind without that choice."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on this fit for people, a sentence each."""
        ...

    @classmethod
    def fit(cls, dataset: "Dataset", settings: Any, fitting: Fitting) -> Self:
        """Learn from a dataset; each of its taxonomy's categories has examples for and against."""
        ...

    def scores(self, texts: Sequence[str]) -> Float32Array:
        """Return log-odds, float32 (n, k), in the order of the training categories."""
        ...

    def contributions(self, text: str, starts: Sequence[int]) -> "Shares | None":
        """Return what each part of a text adds to its log-odds; None if scores are not such a sum.

        starts: where each part begins, ascending, the first at 0; () for an empty text.
        """
        ...

    def rescaled(self, scaling: "Scaling") -> Self:
        """Return a model whose scores are the scaling of this one's."""
        ...

    def save(self, directory: Path) -> None:
        """Write safetensors and JSON into an existing folder."""
        ...

    @classmethod
    def load(cls, directory: Path, runtime: Runtime) -> Self:
        """Read what `save` wrote; InputError if shapes or values are not what they must be."""
        ...


@dataclass(frozen=True, slots=True)
class Shares:
    """Log-odds taken apart: biases and parts together sum to the scores.

    Attributes:
        biases: float32 (k,), the log-odds of an empty text.
        parts: float64 (p, k), the share of each part of the text.
    """

    biases: Float32Array
    parts: Float64Array
