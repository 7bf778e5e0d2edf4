"""The kinds of model; a kind's module, with what it imports, loads when it is asked for."""

import pkgutil
from typing import TYPE_CHECKING

from seeds.base.errors import InputError

if TYPE_CHECKING:
    from training.model import Model

KINDS = {
    "tfidf": "training.models.tfidf.model:Tfidf",
    "embedding": "training.models.embedding:Embedding",
    "camembert": "training.models.camembert.model:Camembert",
}
ENCODER_KINDS = ("embedding", "camembert")  # computed on every core, or on a GPU; they need PyTorch


def uses_encoder(kind: str) -> bool:
    """Tell whether a kind of model has an encoder, which uses all cores by itself."""
    return kind in ENCODER_KINDS


def model_class(kind: str) -> "type[Model]":
    """Return the class of a kind of model.

    Raises:
        InputError: there is no such kind.
    """
    if kind not in KINDS:
        raise InputError(f"unknown model kind {kind!r}. Choose one of: {', '.join(KINDS)}.")
    cls: type[Model] = pkgutil.resolve_name(KINDS[kind])
    return cls
