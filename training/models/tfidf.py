"""TF-IDF over hashed n-grams with logistic regression; prediction needs NumPy alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seeds import jsonl
from seeds.errors import InputError, missing_extra
from seeds.settings import parse
from training.model import Fitting, Floats, Runtime, Scaling
from training.models.ngrams import Ngrams
from training.models.weights import mapped

if TYPE_CHECKING:
    from labels.dataset import Dataset
    from training.models.vectorizer import HashedTfidfVectorizer

_TINY = 1e-12  # the length of a text without a known n-gram


@dataclass(frozen=True, slots=True)
class TfidfSettings:
    """The recipe's [model] table; configs/tfidf.toml explains each key."""

    buckets: int = 20
    char_ngrams: tuple[int, ...] = (5, 6)
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

    def vectorizer(self) -> "HashedTfidfVectorizer":
        """What turns training articles into features."""
        try:
            from training.models.vectorizer import HashedTfidfVectorizer
        except ModuleNotFoundError as error:
            raise missing_extra("train", "Training") from error

        return HashedTfidfVectorizer(
            self.buckets, self.char_ngrams, self.word_ngrams, self.min_documents
        )


@dataclass(frozen=True, slots=True)
class Tfidf:
    """A linear model over weighted n-gram counts.

    Attributes:
        recipe: how it counts.
        features: int64 (m,), the buckets seen in training, ascending.
        idf: float32 (m,), the weight of each.
        coefficients: float32 (m, k).
        intercepts: float32 (k,).
        columns: int32 (2**buckets,), the feature of each bucket, or -1.
    """

    kind: ClassVar[str] = "tfidf"
    settings: ClassVar[type[Any]] = TfidfSettings
    packages: ClassVar[tuple[str, ...]] = ("numpy", "safetensors", "scikit-learn", "scipy")
    resumes: ClassVar[bool] = False
    duration: ClassVar[float | None] = None
    computing: ClassVar[str] = ""
    notes: ClassVar[tuple[str, ...]] = ()

    recipe: TfidfSettings
    features: NDArray[np.int64]
    idf: Floats
    coefficients: Floats
    intercepts: Floats
    columns: NDArray[np.int32] = field(init=False, repr=False, compare=False)

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
        columns = np.full(1 << self.recipe.buckets, -1, np.int32)
        columns[self.features] = np.arange(m, dtype=np.int32)
        object.__setattr__(self, "columns", columns)

    @classmethod
    def fit(cls, dataset: "Dataset", settings: TfidfSettings, fitting: Fitting) -> Self:
        """Learn one logistic regression a category, or one multinomial for single choice."""
        from training.models.linear import learn

        fitting.runtime.only_cpu(cls.kind)
        vectorizer = settings.vectorizer()
        table = vectorizer.fit_transform(dataset.texts)
        (coefficients,), intercepts = learn([table], dataset, settings.C, fitting.seed)
        return cls(settings, vectorizer.features_, vectorizer.idf_, coefficients, intercepts)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Log-odds, float32 (n, k)."""
        scores = np.empty((len(texts), len(self.intercepts)), np.float32)
        for n, (columns, counts) in enumerate(self.recipe.ngrams.bags(texts, self.columns)):
            values = unit(sublinear(counts) * self.idf.take(columns))
            # take, not [columns]: five times as fast for short rows
            scores[n] = values @ self.coefficients.take(columns, axis=0) + self.intercepts
        return scores

    def contributions(self, text: str) -> Floats:
        """What each character adds to the log-odds, float32 (characters, k).

        They sum to the scores without the intercepts. A feature's part is shared evenly among its
        occurrences, and an occurrence's among its characters.
        """
        buckets, firsts, ends = self.recipe.ngrams.places(text)
        columns = self.columns[buckets]
        known = columns >= 0
        columns, firsts, ends = columns[known], firsts[known], ends[known]
        features, feature_of, counts = np.unique(columns, return_inverse=True, return_counts=True)
        values = unit(sublinear(counts) * self.idf[features]) / counts
        shares = values[feature_of] / (ends - firsts)
        parts = shares[:, None] * self.coefficients[columns].astype(np.float64)
        steps = np.zeros((len(text) + 1, len(self.intercepts)))
        np.add.at(steps, firsts, parts)
        np.add.at(steps, ends, -parts)
        return np.asarray(np.cumsum(steps, axis=0)[:-1], np.float32)

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
        runtime.only_cpu(cls.kind)
        path = directory / "model.safetensors"
        try:
            arrays = mapped(path)
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
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not the weights of a tfidf run ({error}). Restore it, or train again."
            ) from error


def sublinear(counts: NDArray[Any]) -> Floats:
    """1 + log(count), float32."""
    logarithms: Floats = np.log(counts, dtype=np.float32)
    return logarithms + np.float32(1)


def unit(values: Floats) -> Floats:
    """The values scaled to length 1; none are as they are."""
    return values / np.float32(max(float(np.sqrt(values @ values)), _TINY))
