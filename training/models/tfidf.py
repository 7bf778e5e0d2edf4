"""TF-IDF over hashed n-grams with logistic regression; prediction needs NumPy and safetensors."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seeds import jsonl
from seeds.errors import InputError, missing_extra
from seeds.settings import parse
from training.model import Floats
from training.models.ngrams import Counts, Ngrams

if TYPE_CHECKING:
    from labels.dataset import Dataset

_ROTATED = 2000  # articles up to which learning from their products is the faster way
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
    def fit(cls, dataset: "Dataset", settings: TfidfSettings, *, seed: int) -> Self:
        """Learn one logistic regression a category, or one multinomial for single choice."""
        counts = settings.ngrams.count(dataset.texts)
        documents = np.bincount(counts.buckets, minlength=1 << settings.buckets)
        features = np.flatnonzero(documents >= settings.min_documents)
        if len(features) == 0:
            raise InputError(
                f"no n-gram stands in {settings.min_documents} articles. Lower min_documents."
            )
        idf = np.log((1 + len(dataset.examples)) / (1 + documents[features])) + 1
        weights = _weighted(counts, features, idf.astype(np.float32), settings.buckets)
        coefficients, intercepts = _learn(weights, len(features), dataset, settings.C, seed)
        return cls(settings, features, idf.astype(np.float32), coefficients, intercepts)

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
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: a file is missing or is not what `save` writes; names the file.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

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


def _learn(
    weights: Counts, features: int, dataset: "Dataset", strength: float, seed: int
) -> tuple[Floats, Floats]:
    """Coefficients (m, k) and intercepts (k,) of the logistic regressions."""
    try:
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError as error:
        raise missing_extra("train", "Training") from error

    size = (len(dataset.examples), features)
    full = csr_matrix((weights.counts, weights.buckets, weights.starts), shape=size)
    table, back = _rotated(full) if size[0] <= _ROTATED else (full, None)
    ids = dataset.taxonomy.ids
    solver = LogisticRegression(C=strength, tol=1e-6, max_iter=5000, random_state=seed)
    if dataset.taxonomy.choice == "single":
        solver.fit(table, [ids.index(each.categories[0]) for each in dataset.examples])
        coefficients, intercepts = solver.coef_, solver.intercept_
        if len(ids) == 2:  # scikit-learn keeps one row for two classes
            coefficients = np.concatenate([-coefficients, coefficients]) / 2
            intercepts = np.concatenate([-intercepts, intercepts]) / 2
    else:
        fitted = [
            solver.fit(table, [name in each.categories for each in dataset.examples])
            and (solver.coef_[0].copy(), solver.intercept_[0])
            for name in ids
        ]
        coefficients = np.array([each[0] for each in fitted])
        intercepts = np.array([each[1] for each in fitted])
    columns = coefficients.T if back is None else full.T @ (back @ coefficients.T)
    return np.ascontiguousarray(columns, np.float32), np.asarray(intercepts, np.float32)


def _rotated(table: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The articles in a basis of as many dimensions as there are articles, and the way back.

    A penalised linear model never leaves the span of its articles, so it can be learned from
    their n × n products: the same solution, at a cost that no longer grows with the features.

    table: sparse (n, m). Returns (n, r) and (n, r), r ≤ n: coefficients c of the first are the
    coefficients tableᵀ · (second · c) of the table.
    """
    values, vectors = np.linalg.eigh((table @ table.T).toarray().astype(np.float64))
    kept = values > values.max() * 1e-9
    lengths = np.sqrt(values[kept])
    return vectors[:, kept] * lengths, vectors[:, kept] / lengths
