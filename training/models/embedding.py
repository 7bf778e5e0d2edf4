"""A frozen encoder's vector beside TF-IDF, one linear model over both: for the first labels."""

import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import replacing, write_text
from training.arrays import Float32Array
from training.decision import Scaling
from training.model import Fitting
from training.models.encoders.networks.torch_network import device
from training.models.encoders.sentence_encoder import SentenceEncoder
from training.models.encoders.tokens import WindowPlan
from training.models.encoders.vector_cache import VectorCache
from training.models.tfidf.logistic import learn
from training.models.tfidf.model import Tfidf, TfidfSettings
from training.models.tfidf.safetensors_file import check_weights, read_arrays
from training.runtime import Runtime

if TYPE_CHECKING:
    from labels.dataset import Dataset


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """The recipe's [model] table; configs/embedding.toml explains each key."""

    base_model: str = "intfloat/multilingual-e5-small"
    window: int = 128
    prefix: str = "query: "
    weight: float = 1.0
    buckets: int = 20
    char_ngrams: tuple[int, ...] = (5, 6)
    word_ngrams: tuple[int, ...] = (1, 1)
    min_documents: int = 1
    C: float = 3.0

    def __post_init__(self) -> None:
        _ = self.words, self.plan
        if not 0 < self.weight <= 100:
            raise InputError(f"weight must be above 0 and at most 100, found {self.weight}")

    @property
    def words(self) -> TfidfSettings:
        """The settings of the n-gram part."""
        return TfidfSettings(
            self.buckets, self.char_ngrams, self.word_ngrams, self.min_documents, self.C
        )

    @property
    def plan(self) -> WindowPlan:
        """The windows that a text is read in."""
        return WindowPlan(self.window, prefix=self.prefix)


@dataclass(frozen=True)
class Embedding:
    """TF-IDF and sentence vectors under one logistic regression a category.

    Attributes:
        recipe: how n-grams are counted and texts are cut.
        words: the n-gram part, with the intercepts.
        centre: float32 (d,), the mean vector of the training articles.
        coefficients: float32 (d, k), of the centred vectors.
        encoder: gives the vectors.
        cache: of vectors, while training; None once loaded.
    """

    kind: ClassVar[str] = "embedding"
    settings: ClassVar[type[Any]] = EmbeddingSettings
    packages: ClassVar[tuple[str, ...]] = (*Tfidf.packages, "torch", "transformers")
    resumes: ClassVar[bool] = False  # the vectors, which take the time, are cached
    duration: ClassVar[float | None] = None
    notes: ClassVar[tuple[str, ...]] = ()

    recipe: EmbeddingSettings
    words: Tfidf
    centre: Float32Array
    coefficients: Float32Array
    encoder: SentenceEncoder
    cache: VectorCache | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.coefficients.ndim != 2:
            raise InputError("the weights' shapes do not fit together")
        d, k = self.coefficients.shape
        if self.centre.shape != (d,) or self.words.intercepts.shape != (k,):
            raise InputError("the weights' shapes do not fit together")
        if d != self.encoder.width:
            raise InputError("the encoder's vectors are not those of training")
        check_weights(self.centre, self.coefficients)

    @classmethod
    def fit(cls, dataset: "Dataset", settings: EmbeddingSettings, fitting: Fitting) -> Self:
        """Learn from n-grams and vectors side by side."""
        encoder = _shared_encoder(settings.base_model, settings.plan, fitting.runtime)
        cache = VectorCache()
        vectors = encoder.embed(dataset.texts, cache)
        centre = vectors.mean(axis=0)
        vectorizer = settings.words.vectorizer()
        table = vectorizer.fit_transform(dataset.texts)
        blocks = [table, settings.weight * _centre(vectors, centre)]
        (of_words, of_vectors), intercepts = learn(blocks, dataset, settings.C)
        words = Tfidf(settings.words, vectorizer.features_, vectorizer.idf_, of_words, intercepts)
        scaled = np.float32(settings.weight) * of_vectors
        return cls(settings, words, centre, scaled, encoder, cache)

    @property
    def computing(self) -> str:
        """The precision, library and device that its encoder computes with, for people."""
        return self.encoder.network.computing

    def scores(self, texts: Sequence[str]) -> Float32Array:
        """Return log-odds, float32 (n, k)."""
        if not texts:
            return self.words.scores(texts)
        vectors = _centre(self.encoder.embed(texts, self.cache), self.centre)
        return np.asarray(self.words.scores(texts) + vectors @ self.coefficients, np.float32)

    def contributions(self, text: str, starts: Sequence[int]) -> None:
        """Return None: an encoder's scores are no sum over the parts of a text."""

    def rescaled(self, scaling: Scaling) -> Self:
        """Return the model whose scores are the scaling of this one's."""
        slopes = np.array(scaling.slopes, np.float32)
        words = self.words.rescaled(scaling)
        return replace(self, words=words, coefficients=self.coefficients * slopes)

    def save(self, directory: Path) -> None:
        """Write the weights of both parts, and the encoder as a Hugging Face folder."""
        from safetensors.numpy import save

        self.words.save(directory)
        with replacing(directory / "vectors.safetensors") as file:
            file.write(save({"centre": self.centre, "coefficients": self.coefficients}))
        record = {"recipe": asdict(self.recipe), "golden": list(self.encoder.tokenizer.golden)}
        write_text(directory / "embedding.json", json.dumps(record, indent=2))
        self.encoder.save(directory / "encoder")

    @classmethod
    def load(cls, directory: Path, runtime: Runtime) -> Self:
        """Read what `save` wrote.

        Raises:
            InputError: a file is not what `save` writes, or the tokenizer reads differently now.
        """
        path = directory / "vectors.safetensors"
        if not (directory / "encoder" / "model.onnx").is_file():
            device(runtime)  # a wrong --device is no fault of the run
        try:
            record = read_object(directory / "embedding.json")
            recipe = parse(record["recipe"], EmbeddingSettings, str(directory / "embedding.json"))
            encoder = SentenceEncoder.load(
                directory / "encoder", recipe.plan, record["golden"], runtime
            )
            arrays = read_arrays(path)
            words = Tfidf.load(directory, Runtime())
            return cls(recipe, words, arrays["centre"], arrays["coefficients"], encoder)
        except InputError as error:
            reason = str(error).rstrip(".")
            raise InputError(f"{path}: {reason}. Train again, or restore the run.") from error
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: not the weights of an embedding run ({error}). Restore or train again."
            ) from error


def _centre(vectors: Float32Array, centre: Float32Array) -> Float32Array:
    """Subtract the centre of the vectors and scale each to length 1 again; (n, d)."""
    moved = vectors - centre
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-6), np.float32)


@functools.lru_cache(maxsize=1)
def _shared_encoder(base: str, plan: WindowPlan, runtime: Runtime) -> SentenceEncoder:
    """Read the encoder of a training; its folds share one."""
    return SentenceEncoder.read(base, plan, runtime)
