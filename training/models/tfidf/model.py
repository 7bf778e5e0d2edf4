"""TF-IDF over hashed n-grams with logistic regression; prediction needs NumPy alone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seeds.base.errors import InputError, missing_extra
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import replacing, write_text
from training.arrays import Float32Array, Float64Array, Int32Array, IntArray
from training.decision import Scaling
from training.model import Fitting, Shares
from training.models.tfidf.ngrams import Ngrams
from training.models.tfidf.safetensors_file import check_weights, read_arrays
from training.models.tfidf.weighting import sublinear, unit
from training.runtime import Runtime

if TYPE_CHECKING:
    from labels.dataset import Dataset
    from training.models.tfidf.vectorizer import HashedTfidfVectorizer


_LONG = 100_000  # characters of a part; bounds the memory of an explanation
_MANY = 8192  # features; a sum of more in float32 can be off by more than 1e-5


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
        """The n-grams to count."""
        return Ngrams(self.buckets, self.char_ngrams, self.word_ngrams)

    def vectorizer(self) -> "HashedTfidfVectorizer":
        """Return a vectorizer that turns training articles into features.

        Raises:
            InputError: SciPy is not installed; gives the command that installs it.
        """
        try:
            from training.models.tfidf.vectorizer import HashedTfidfVectorizer
        except ModuleNotFoundError as error:
            raise missing_extra("train", "Training") from error

        return HashedTfidfVectorizer(
            self.buckets, self.char_ngrams, self.word_ngrams, self.min_documents
        )


@dataclass(frozen=True, slots=True)
class Tfidf:
    """A linear model over weighted n-gram counts.

    Attributes:
        recipe: how n-grams are counted and learned.
        features: int64 (m,), the buckets seen in training, ascending.
        idf: float32 (m,), the weight of each.
        coefficients: float32 (m, k).
        intercepts: float32 (k,).
        columns: int32 (2**buckets,), the feature of each bucket, or -1.
    """

    kind: ClassVar[str] = "tfidf"
    settings: ClassVar[type[Any]] = TfidfSettings
    packages: ClassVar[tuple[str, ...]] = ("numpy", "safetensors", "scipy")
    resumes: ClassVar[bool] = False
    duration: ClassVar[float | None] = None
    computing: ClassVar[str] = ""
    notes: ClassVar[tuple[str, ...]] = ()

    recipe: TfidfSettings
    features: IntArray
    idf: Float32Array
    coefficients: Float32Array
    intercepts: Float32Array
    columns: Int32Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        m, k = self.features.size, self.intercepts.size
        shapes = (self.features.shape, self.intercepts.shape, self.idf.shape)
        if shapes != ((m,), (k,), (m,)) or self.coefficients.shape != (m, k) or k == 0:
            raise InputError("the weights' shapes do not fit together")
        ascending = m == 0 or (
            bool((np.diff(self.features) > 0).all())
            and self.features[0] >= 0
            and self.features[-1] < 1 << self.recipe.buckets
        )
        if not ascending:
            raise InputError("the features are not ascending buckets")
        check_weights(self.idf, self.coefficients, self.intercepts)
        columns = np.full(1 << self.recipe.buckets, -1, np.int32)
        columns[self.features] = np.arange(m, dtype=np.int32)
        object.__setattr__(self, "columns", columns)

    @classmethod
    def fit(cls, dataset: "Dataset", settings: TfidfSettings, fitting: Fitting) -> Self:
        """Learn one logistic regression a category, or one multinomial for single choice."""
        from training.models.tfidf.logistic import learn

        fitting.runtime.require_cpu(cls.kind)
        vectorizer = settings.vectorizer()
        table = vectorizer.fit_transform(dataset.texts)
        (coefficients,), intercepts = learn([table], dataset, settings.C)
        return cls(settings, vectorizer.features_, vectorizer.idf_, coefficients, intercepts)

    def scores(self, texts: Sequence[str]) -> Float32Array:
        """Return log-odds, float32 (n, k)."""
        scores = np.empty((len(texts), len(self.intercepts)), np.float32)
        for n, (columns, counts) in enumerate(self.recipe.ngrams.bags(texts, self.columns)):
            values = unit(sublinear(counts) * self.idf.take(columns))
            # take, not [columns]: five times as fast for short rows
            table = self.coefficients.take(columns, axis=0)
            if len(columns) > _MANY:
                values, table = values.astype(np.float64), table.astype(np.float64)
            scores[n] = values @ table + self.intercepts
        return scores

    def contributions(self, text: str, starts: Sequence[int]) -> Shares:
        """Return what each part of a text adds to the log-odds.

        A feature's share is divided evenly among its occurrences, and an occurrence's among its
        characters. A very long last part is not read: it gets the rest of the text's total.
        """
        is_long = bool(starts) and len(text) - starts[-1] > _LONG
        readable = text[: starts[-1]] if is_long else text
        ((columns, counts),) = self.recipe.ngrams.bags([text], self.columns)
        values = unit(sublinear(counts) * self.idf.take(columns)).astype(np.float64)
        per_occurrence = np.zeros(len(self.features))
        per_occurrence[columns] = values / counts
        parts = np.zeros((len(starts), len(self.intercepts)))
        begins = np.array(starts[:-1] if is_long else starts, np.int64)
        for n, shares in enumerate(self._shares(readable, per_occurrence)):
            parts[: len(begins), n] = np.add.reduceat(shares, begins) if len(begins) else 0
        if is_long:
            total = values @ self.coefficients.take(columns, axis=0)
            parts[-1] = total - parts[:-1].sum(axis=0)
        return Shares(self.intercepts, parts)

    def _shares(self, text: str, per_occurrence: Float64Array) -> Iterator[Float64Array]:
        """Yield, category by category, what each character adds.

        per_occurrence: float64 (m,), the weight of one occurrence of a feature.
        """
        buckets, begins, ends = self.recipe.ngrams.places(text)
        columns = self.columns[buckets]
        learned = columns >= 0
        columns, begins, ends = columns[learned], begins[learned], ends[learned]
        shares = per_occurrence[columns] / (ends - begins)
        for n in range(len(self.intercepts)):  # one by one: a long text has many occurrences
            added = shares * self.coefficients[columns, n]
            steps = np.bincount(begins, added, len(text) + 1).astype(np.float64)
            steps -= np.bincount(ends, added, len(text) + 1)
            yield np.cumsum(steps)[:-1]

    def rescaled(self, scaling: Scaling) -> Self:
        """Return the model whose scores are the scaling of this one's."""
        lines = scaling.apply(np.stack([self.intercepts]))[0]
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
        with replacing(directory / "model.safetensors") as file:
            file.write(save(arrays))
        write_text(directory / "model.json", json.dumps(asdict(self.recipe), indent=2))

    @classmethod
    def load(cls, directory: Path, runtime: Runtime) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: a file is missing or is not what `save` writes; names the file.
        """
        runtime.require_cpu(cls.kind)
        path = directory / "model.safetensors"
        try:
            arrays = read_arrays(path)
            recipe = parse(
                read_object(directory / "model.json"),
                TfidfSettings,
                str(directory / "model.json"),
            )
            return cls(
                recipe,
                _integers(arrays["features"]),
                arrays["idf"],
                arrays["coefficients"],
                arrays["intercepts"],
            )
        except InputError as error:
            reason = str(error).rstrip(".")
            raise InputError(f"{path}: {reason}. Train again, or restore the run.") from error
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not the weights of a tfidf run ({error}). Restore it, or train again."
            ) from error


def _integers(features: NDArray[Any]) -> IntArray:
    """Return stored features as int64."""
    if features.dtype.kind != "i":
        raise InputError("the features must be whole numbers")
    return features.astype(np.int64)
