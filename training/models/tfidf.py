"""TF-IDF over hashed n-grams with logistic regression; prediction needs NumPy and safetensors."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seeds import jsonl
from seeds.errors import InputError
from seeds.settings import parse
from training.model import Fitting, Floats, Runtime, Scaling
from training.models.linear import learn, sparse
from training.models.ngrams import Counts, Ngrams

if TYPE_CHECKING:
    from labels.dataset import Dataset

_TEXTS_AT_ONCE = 256  # bounds the memory of one pass when scoring


@dataclass(frozen=True, slots=True)
class TfidfSettings:
    """The recipe's [model] table; configs/tfidf.toml explains each key."""

    buckets: int = 20
    char_ngrams: tuple[int, ...] = (3, 6)
    word_ngrams: tuple[int, ...] = (1, 1)
    min_documents: int = 1
    C: float = 300.0

    def __post_init__(self) -> None:
        Ngrams(self.buckets, self.char_ngrams, self.word_ngrams)
        if self.min_documents < 1:
            raise InputError(f"min_documents must be 1 or more, found {self.min_documents}")
        if not self.C > 0:
            raise InputError(f"C must be more than 0, found {self.C}")

    @property
    def ngrams(self) -> Ngrams:
        """The n-grams that are counted."""
        return Ngrams(self.buckets, self.char_ngrams, self.word_ngrams)


@dataclass(frozen=True, slots=True)
class Tfidf:
    """A linear model over weighted n-gram counts.

    Attributes:
        recipe: how it counts.
        features: int64 (m,), the buckets seen in training, ascending.
        idf: float32 (m,), the weight of each.
        coefficients: float32 (m, k).
        intercepts: float32 (k,).
    """

    kind: ClassVar[str] = "tfidf"
    settings: ClassVar[type[Any]] = TfidfSettings
    packages: ClassVar[tuple[str, ...]] = ("numpy", "safetensors", "scikit-learn", "scipy")
    resumes: ClassVar[bool] = False
    duration: ClassVar[float | None] = None
    notes: ClassVar[tuple[str, ...]] = ()

    recipe: TfidfSettings
    features: NDArray[np.int64]
    idf: Floats
    coefficients: Floats
    intercepts: Floats

    def __post_init__(self) -> None:
        m, k = len(self.features), len(self.intercepts)
        if self.idf.shape != (m,) or self.coefficients.shape != (m, k) or k == 0:
            raise InputError("the weights' shapes do not fit together")
        ascending = m == 0 or (
            bool((np.diff(self.features) > 0).all())
            and self.features[0] >= 0
            and self.features[-1] < 1 << self.recipe.buckets
        )
        if not ascending:
            raise InputError("the features are not ascending buckets")
        for weights in (self.idf, self.coefficients, self.intercepts):
            if weights.dtype != np.float32 or not np.isfinite(weights).all():
                raise InputError("the weights must be finite float32 numbers")

    @classmethod
    def fit(cls, dataset: "Dataset", settings: TfidfSettings, fitting: Fitting) -> Self:
        """Learn one logistic regression a category, or one multinomial for single choice."""
        fitting.runtime.only_cpu(cls.kind)
        features, idf, table = weigh(dataset.texts, settings)
        (coefficients,), intercepts = learn([table], dataset, settings.C, fitting.seed)
        return cls(settings, features, idf, coefficients, intercepts)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Log-odds, float32 (n, k)."""
        parts = [
            self._score(texts[first : first + _TEXTS_AT_ONCE])
            for first in range(0, len(texts), _TEXTS_AT_ONCE)
        ]
        return np.concatenate([np.zeros((0, len(self.intercepts)), np.float32), *parts])

    def _score(self, texts: Sequence[str]) -> Floats:
        counts = self.recipe.ngrams.count(texts)
        weights = _weighted(counts, self.features, self.idf, self.recipe.buckets)
        scores = np.empty((len(texts), len(self.intercepts)), np.float32)
        for n in range(len(texts)):
            row = slice(weights.starts[n], weights.starts[n + 1])
            scores[n] = weights.counts[row] @ self.coefficients[weights.buckets[row]]
        return scores + self.intercepts

    def rescaled(self, scaling: Scaling) -> Self:
        """The same counts under other lines."""
        lines = scaling.of(np.stack([self.intercepts]))[0]
        slopes = np.array(scaling.slopes, np.float32)
        return replace(self, coefficients=self.coefficients * slopes, intercepts=lines)

    def save(self, directory: Path) -> None:
        """Write model.safetensors and model.json."""
        from safetensors.numpy import save

        arrays = {
            "features": self.features.astype(np.int32),
            "idf": self.idf,
            "coefficients": self.coefficients,
            "intercepts": self.intercepts,
        }
        with jsonl.replacing(directory / "model.safetensors") as file:
            file.write(save(arrays))
        jsonl.write_text(directory / "model.json", json.dumps(asdict(self.recipe), indent=2))

    @classmethod
    def load(cls, directory: Path, runtime: Runtime) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: a file is missing or is not what `save` writes; names the file.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        runtime.only_cpu(cls.kind)
        path = directory / "model.safetensors"
        try:
            arrays = load_file(path)
            recipe = parse(
                json.loads((directory / "model.json").read_text(encoding="utf-8")),
                TfidfSettings,
                str(directory / "model.json"),
            )
            return cls(
                recipe,
                arrays["features"].astype(np.int64),
                arrays["idf"],
                arrays["coefficients"],
                arrays["intercepts"],
            )
        except InputError as error:
            raise InputError(f"{path}: {error}. Train again, or restore the run.") from error
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise InputError(
                f"{path}: not the weights of a tfidf run ({error}). Restore it, or train again."
            ) from error


def weigh(texts: Sequence[str], settings: TfidfSettings) -> tuple[NDArray[np.int64], Floats, Any]:
    """The features of some texts (m,), the weight of each (m,), and the sparse table (n, m).

    Raises:
        InputError: no n-gram stands in enough of them.
    """
    counts = settings.ngrams.count(texts)
    documents = np.bincount(counts.buckets, minlength=1 << settings.buckets)
    features = np.flatnonzero(documents >= settings.min_documents)
    if len(features) == 0:
        raise InputError(
            f"no n-gram stands in {settings.min_documents} articles. Lower min_documents."
        )
    idf = (np.log((1 + len(texts)) / (1 + documents[features])) + 1).astype(np.float32)
    weights = _weighted(counts, features, idf, settings.buckets)
    return features, idf, sparse(weights, (len(texts), len(features)))


def _weighted(counts: Counts, features: NDArray[np.int64], idf: Floats, buckets: int) -> Counts:
    """Sublinear TF · IDF of the known features, scaled to length 1; columns are features."""
    column_of = np.full(1 << buckets, -1, np.int64)
    column_of[features] = np.arange(len(features))
    columns = column_of[counts.buckets]
    known = columns >= 0
    columns = columns[known]
    values = (1 + np.log(counts.counts[known])) * idf[columns]
    before = np.concatenate([[0], np.cumsum(known)])
    starts = before[counts.starts].astype(np.int64)
    squares = np.concatenate([[0.0], np.cumsum(values.astype(np.float64) ** 2)])
    lengths = np.sqrt(squares[starts[1:]] - squares[starts[:-1]])
    scale = np.repeat(1 / np.maximum(lengths, 1e-12), np.diff(starts))
    return Counts(starts, columns, (values * scale).astype(np.float32))
