"""What a model is, and the one place where its scores become a Prediction."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from seeds.base.errors import InputError

if TYPE_CHECKING:
    from labels.dataset import Dataset

Floats = NDArray[np.float32]
Decision = Literal["accepted", "needs review", "none"]


Say = Callable[[str], None]
# label, how many there will be -> a context whose value takes (done, of how many)
Track = Callable[[str, int], AbstractContextManager[Callable[[int, int], None]]]


DTYPES = ("auto", "float32", "bfloat16", "float16", "int8", "exact")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where and how a model computes; a kind that has no such choice refuses it.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        batch_size: windows computed at once; None: as many as suit their lengths.
        threads: of the CPU; None: all.
        dtype: what an encoder's products are computed in: "auto" is what is fast on this machine
            and good enough, "float32", "bfloat16", "float16", "int8"; "exact" is float32 by the
            operations that training uses, for what must come out the same on every machine.
    """

    device: str = "auto"
    batch_size: int | None = None
    threads: int | None = None
    dtype: str = "auto"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError(f"dtype {self.dtype!r}: known are {', '.join(DTYPES)}.")
        for name, value in (("batch size", self.batch_size), ("threads", self.threads)):
            if value is not None and value < 1:
                raise InputError(f"{name} must be 1 or more, found {value}")

    def deciding(self) -> dict[str, Any]:
        """What of it decides the answers, by name; the rest only decides how fast they come."""
        given = asdict(self)
        return {name: given[name] for name in given if name not in ("batch_size", "threads")}

    def only_cpu(self, kind: str) -> None:
        """Refuse what a kind that runs on one CPU core can't honour.

        Raises:
            InputError: names the option to leave out.
        """
        if self.device not in ("auto", "cpu"):
            raise InputError(f"a {kind} model runs on the CPU. Leave out --device {self.device}.")
        for option, value in (("--batch-size", self.batch_size), ("--threads", self.threads)):
            if value is not None:
                raise InputError(f"a {kind} model has no use for {option}. Leave it out.")
        if self.dtype not in ("auto", "float32", "exact"):
            raise InputError(f"a {kind} model computes in float32. Leave out --dtype {self.dtype}.")


def _silent(_line: str) -> None:
    """Nobody listens."""


def _untracked(_label: str, _total: int) -> AbstractContextManager[Callable[[int, int], None]]:
    """Nobody watches."""
    return nullcontext(lambda _done, _of: None)


@dataclass(frozen=True, slots=True)
class Fitting:
    """What a fit may use beside its articles.

    Attributes:
        seed: of every random choice.
        held_out: articles to watch progress on, never to learn from; None: there are none.
        duration: the share of the planned passes, in (0, 1], that proved best on held-out
            articles; None: find out.
        folder: where a long fit keeps what it can go on from after a kill; None: nowhere.
        runtime: where it computes.
        say, track: hear of what is worth knowing, and of how far it is.
    """

    seed: int = 1
    held_out: "Dataset | None" = None
    duration: float | None = None
    folder: Path | None = None
    runtime: Runtime = Runtime()
    say: Say = _silent
    track: Track = _untracked


class Model(Protocol):
    """A kind of model. `fit` may import what `scores` may not: learning and using are apart."""

    kind: ClassVar[str]
    settings: ClassVar[type[Any]]  # a frozen dataclass, read from the recipe's [model] table
    packages: ClassVar[tuple[str, ...]]  # whose versions a run records
    resumes: ClassVar[bool]  # whether a fit keeps checkpoints in its folder

    @property
    def duration(self) -> float | None:
        """The share of the planned passes that was best; None for a kind without that choice."""
        ...

    @property
    def computing(self) -> str:
        """What it computes in, and on what, for people; "" for a kind without that choice."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of this fit, a sentence each."""
        ...

    @classmethod
    def fit(cls, dataset: "Dataset", settings: Any, fitting: Fitting) -> Self:
        """Learn from a dataset; each of its taxonomy's categories has examples for and against."""
        ...

    def scores(self, texts: Sequence[str]) -> Floats:
        """Log-odds, float32 (n, k), in the order of the training categories."""
        ...

    def contributions(self, text: str, starts: Sequence[int]) -> "Shares | None":
        """What each part of a text adds to its log-odds; None for a kind whose scores are no sum.

        starts: where each part begins, ascending, the first at 0; () for an empty text.
        """
        ...

    def rescaled(self, scaling: "Scaling") -> Self:
        """The model whose scores are the scaling of this one's."""
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
        biases: float32 (k,), what an empty text has.
        parts: float64 (p, k), what each part of the text adds.
    """

    biases: Floats
    parts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Raw scores -> calibrated log-odds: slope · score + offset, a line a category."""

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.slopes) != len(self.offsets):
            raise InputError("slopes and offsets differ in number")
        if not np.isfinite((*self.slopes, *self.offsets)).all():
            raise InputError("slopes and offsets must be finite")

    def of(self, scores: Floats) -> Floats:
        """Calibrated log-odds, float32 (n, k)."""
        lines = scores.astype(np.float64) * np.array(self.slopes) + np.array(self.offsets)
        return np.asarray(lines, np.float32)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The categories of one article.

    Attributes:
        categories: the ids that hold, most probable first.
        probabilities: every category id with its calibrated probability, in [0, 1].
        decision: "accepted"; "needs review": a person should look; "none": surely no category.
    """

    categories: tuple[str, ...]
    probabilities: dict[str, float]
    decision: Decision

    @property
    def shown(self) -> dict[str, float]:
        """The probabilities worth showing: of what holds, and of what came near (10 % and more)."""
        ranked = sorted(self.probabilities.items(), key=lambda item: -item[1])
        return {name: p for name, p in ranked if name in self.categories or p >= 0.1}


@dataclass(frozen=True, slots=True)
class Rule:
    """How calibrated scores become a decision; fitted on articles the model did not see.

    Attributes:
        choice: "multiple": each category on its own; "single": exactly one.
        categories: the ids in score order.
        thresholds: a category holds from this probability on; unused for single choice.
        review_below: an article goes to a person when all of its category decisions are right with
            a smaller probability than this; above 1, every article does.
    """

    choice: Literal["multiple", "single"]
    categories: tuple[str, ...]
    thresholds: tuple[float, ...]
    review_below: float

    def __post_init__(self) -> None:
        if len(self.categories) != len(self.thresholds) or not self.categories:
            raise InputError("categories and thresholds differ in number")
        if not np.isfinite((*self.thresholds, self.review_below)).all():
            raise InputError("thresholds must be finite")

    def probabilities(self, scores: Floats) -> NDArray[np.float64]:
        """Probabilities, float64 (n, k), of calibrated log-odds (n, k)."""
        logits = scores.astype(np.float64)
        return softmax(logits) if self.choice == "single" else sigmoid(logits)

    def holds(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which categories hold, bool (n, k)."""
        if self.choice == "single":
            best = probabilities.argmax(axis=1)
            return np.asarray(np.arange(len(self.categories)) == best[:, None])
        return np.asarray(probabilities >= np.array(self.thresholds))

    def certainty(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chance that all category decisions of an article are right, (n,).

        For multiple choice their product: given the article, categories are taken as independent.
        """
        if self.choice == "single":
            return np.asarray(probabilities.max(axis=1))
        held = self.holds(probabilities)
        return np.asarray(np.where(held, probabilities, 1 - probabilities).prod(axis=1))

    def predictions(self, scores: Floats) -> list[Prediction]:
        """One Prediction an article from scores (n, k)."""
        probabilities = self.probabilities(scores)
        held, certainty = self.holds(probabilities), self.certainty(probabilities)
        return [
            self._prediction(probabilities[n], held[n], bool(certainty[n] >= self.review_below))
            for n in range(len(scores))
        ]

    def _prediction(
        self, probabilities: NDArray[np.float64], held: NDArray[np.bool_], certain: bool
    ) -> Prediction:
        ranked = sorted(np.flatnonzero(held), key=lambda n: -probabilities[n])
        decision: Decision = "needs review"
        if certain:
            decision = "accepted" if ranked else "none"
        return Prediction(
            categories=tuple(self.categories[n] for n in ranked),
            probabilities={
                name: float(p) for name, p in zip(self.categories, probabilities, strict=True)
            },
            decision=decision,
        )


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x) without overflow."""
    decay = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1 / (1 + decay), decay / (1 + decay))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities that sum to 1 along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
