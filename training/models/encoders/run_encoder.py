"""The encoder of a run: only what its config.json says of the network is followed, within limits.

A config.json can do much more: name code, other weights, kernels to download, or sizes that no
memory holds. A run may come from a stranger, so its other keys are left out.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.models.encoders.hub import read_model, refuse_other_kinds
from training.models.encoders.networks.torch_network import import_torch

_LARGEST = 2_000_000  # of any number in it: vocabularies in use have up to a million tokens
_MOST_PARTS = 128  # layers, heads and the like; those in use have up to 96
_MOST_CATEGORIES = 200_000
_LONGEST = 1000  # entries of a list, or characters
_SPARE = 20_000_000  # numbers of a head or a pooler that the weights lack, and of tables computed
# Of every kind of network; the other keys are those of its kind.
_KEYS = frozenset({"architectures", "dtype", "torch_dtype", "id2label", "label2id", "problem_type"})
_DTYPES = (None, "float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class EncoderSizes:
    """The sizes that config.json of a run names.

    Attributes:
        pad: the id that fills up a batch.
        hidden: numbers of a token's vector.
        categories: of a classifier; 0 for another network.
    """

    pad: int
    hidden: int
    categories: int


def read_sizes(folder: Path) -> EncoderSizes:
    """Read the sizes of an encoder, without the library that computes it.

    Raises:
        InputError: config.json is not what it must be; names the key.
    """
    path = folder / "config.json"
    record = read_object(path)
    hidden = record.get("hidden_size", record.get("dim"))  # DistilBERT's name
    sizes: dict[str, Any] = {"pad_token_id": record.get("pad_token_id"), "hidden_size": hidden}
    for key, value in sizes.items():
        if type(value) is not int or not 0 <= value <= _LARGEST:
            raise InputError(f"{path}: {key!r} must be a whole number up to {_LARGEST:,}")
    categories = record.get("id2label", {})
    if not isinstance(categories, dict) or len(categories) > _MOST_CATEGORIES:
        raise InputError(f"{path}: 'id2label' must name up to {_MOST_CATEGORIES:,} categories")
    return EncoderSizes(sizes["pad_token_id"], sizes["hidden_size"], len(categories))


def read_run_model(folder: Path, architecture: str, dtype: Any) -> Any:
    """Read the model of a run into memory: later changes of the file do not reach it.

    Args:
        folder: of the run, or its folder encoder.
        architecture: the class of transformers that reads it, such as "AutoModel".
        dtype: of torch, or "auto" for that of the file.

    Raises:
        InputError: config.json asks for what is not allowed or does not fit the weights.
    """
    torch = import_torch()
    config = _read_config(folder)
    _check_size(folder, config, architecture)
    model = read_model(str(folder), architecture, config=config, dtype=dtype)
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.data = tensor.data.clone()  # it was a view of the file
    return model


def _read_config(folder: Path) -> Any:
    """Return the configuration of transformers, made of the keys that describe a network."""
    from transformers import CONFIG_MAPPING

    path = folder / "config.json"
    record = read_object(path)
    kind: Any = record.get("model_type")
    refuse_other_kinds(str(folder), kind)
    with _errors_in_one_line(path):
        kind_of_config = CONFIG_MAPPING[kind]
        known = {key for key in kind_of_config().to_dict() if not key.startswith("_")} | _KEYS
        settings = {key: value for key, value in record.items() if key in known}
        for key, value in settings.items():
            if not _is_allowed(key, value):
                raise InputError(f"{path}: {key!r} is not what an encoder can have")
        return kind_of_config(**settings)


def _is_allowed(key: str, value: Any) -> bool:
    """Tell whether a value of a configuration is of a kind and a size that encoders have."""
    if key in ("dtype", "torch_dtype"):
        return value in _DTYPES
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else ((key, entry) for entry in value)
        longest = _MOST_CATEGORIES if key in ("id2label", "label2id") else _LONGEST
        return len(value) <= longest and all(_is_allowed(name, entry) for name, entry in pairs)
    if isinstance(value, str):
        return len(value) <= _LONGEST
    counts = isinstance(value, int) and (key.startswith(("num_", "n_")) or "layer" in key)
    return value is None or abs(value) <= (_MOST_PARTS if counts else _LARGEST)


def _check_size(folder: Path, config: Any, architecture: str) -> None:
    """Refuse a network that is much larger than its weights, before memory is taken for it."""
    import transformers
    from safetensors import safe_open

    torch, path = import_torch(), folder / "model.safetensors"
    with _errors_in_one_line(path), safe_open(path, "np") as file:
        shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
    with _errors_in_one_line(folder / "config.json"), torch.device("meta"):
        model = getattr(transformers, architecture).from_config(config)
    stored = sum(map(math.prod, shapes))
    wanted = sum(tensor.numel() for tensor in (*model.parameters(), *model.buffers()))
    if wanted > stored + _SPARE:
        raise InputError(
            f"{folder / 'config.json'}: describes a network of {wanted:,} numbers; {path.name} "
            f"has {stored:,}"
        )


@contextlib.contextmanager
def _errors_in_one_line(path: Path) -> Iterator[None]:
    """Turn whatever a library says of a file into one line."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not what an encoder has ({reason[:200]})") from error
