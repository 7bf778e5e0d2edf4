"""A base model and its tokenizer, from a folder or the Hugging Face hub; safetensors only."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from training.models.encoders.tokens import Pieces
from training.models.encoders.torch_network import import_torch

# What a tokenizer can be made from.
_TOKENIZERS = (
    *("tokenizer.json", "sentencepiece.bpe.model", "spiece.model", "spm.model"),
    *("vocab.txt", "vocab.json"),
)

_PATIENCE = 5  # seconds for the hub to answer


def read_base(base: str, architecture: str, **options: Any) -> tuple[Any, Any]:
    """The tokenizer and the model of a base; arguments and errors as of `read_model`."""
    check_base(base)
    import_torch()
    import transformers

    with _one_line(base):
        # False, and not left out: a terminal would be asked whether to run the code.
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            base, trust_remote_code=False, local_files_only=_is_out_of_reach(base)
        )
    return tokenizer, read_model(base, architecture, **options)


def read_model(base: str, architecture: str, **options: Any) -> Any:
    """The model of a base.

    Args:
        base: a folder, or a name on the hub.
        architecture: the class of transformers that reads it, such as "AutoModel".
        options: of its configuration.

    Raises:
        InputError: it is not there, has no network, or only pickled weights; says what helps.
    """
    import_torch()
    import transformers

    with _one_line(base):
        model, loaded = getattr(transformers, architecture).from_pretrained(
            base,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=_is_out_of_reach(base),
            output_loading_info=True,
            **options,
        )
    _refuse_what_is_no_encoder(base, model)
    _refuse_other_weights(base, model, loaded, whole=architecture == "AutoModel")
    return model


@functools.cache
def _is_out_of_reach(base: str) -> bool:
    """Whether only what the hub's cache holds of a base can be read: the hub does not answer.

    Asked once, for transformers alone would ask for most of a minute and complain of each try.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    if Path(base).is_dir() or constants.is_offline_mode():
        return False
    try:
        get_hf_file_metadata(hf_hub_url(base, "config.json"), timeout=_PATIENCE)
    except HfHubHTTPError:
        return False  # it answered
    except Exception:  # of whichever library the hub's uses for HTTP
        return True
    return False


@contextlib.contextmanager
def _one_line(base: str) -> Iterator[None]:
    """Turn what a library says of a base into one line."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{base}: no encoder could be loaded ({reason}). Without a network, give a folder "
            "with config.json, model.safetensors and tokenizer.json: --base-model FOLDER."
        ) from error


def check_base(base: str) -> None:
    """Say what is wrong with a folder, before a library is imported and guesses.

    Raises:
        InputError: it is not there, is a file, or lacks a file.
    """
    path = Path(base)
    if not path.is_dir():
        if path.exists():
            raise InputError(f"{base}: a file. --base-model takes a folder, or a name on the hub.")
        if base.startswith((".", "/", "~")) or base.count("/") > 1:
            raise InputError(f"{base}: no such folder. Check --base-model.")
        return
    missing = [] if (path / "config.json").is_file() else ["config.json"]
    if not any((path / name).is_file() for name in _TOKENIZERS):
        missing.append("tokenizer.json")
    if missing:
        raise InputError(
            f"{base}: {' and '.join(missing)} not there. An encoder's folder has config.json, "
            "model.safetensors and tokenizer.json."
        )


def _refuse_what_is_no_encoder(base: str, model: Any) -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    kind = model.config.model_type
    if kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        raise InputError(
            f"{base}: a {kind} is no encoder that can be used here. Give a CamemBERT or another "
            "model of the BERT family."
        )


def _refuse_other_weights(base: str, model: Any, loaded: Any, *, whole: bool) -> None:
    """Only a head, or a pooler that is not used, may be fresh: the rest would be random numbers."""
    names = [*loaded["missing_keys"], *(each[0] for each in loaded["mismatched_keys"])]
    inside = f"{model.base_model_prefix}."
    fresh = [n for n in names if (whole or n.startswith(inside)) and "pooler" not in n]
    if fresh:
        raise InputError(
            f"{base}: model.safetensors does not belong to config.json: {len(fresh)} of the "
            f"encoder's weights are missing or of another size ({fresh[0]}). Get the folder anew."
        )


def pieces_of(tokenizer: Any, base: str) -> Pieces:
    """The tokenizer as it is used here.

    tokenizer: of transformers. base: where it is from, for errors.
    Raises InputError if it is not one of the tokenizers library, or does not know French.
    """
    if not getattr(tokenizer, "is_fast", False) or tokenizer.pad_token_id is None:
        raise InputError(
            f"{base}: its tokenizer has no tokenizer.json or no padding. Give a folder that does."
        )
    return Pieces.of(tokenizer.backend_tokenizer, int(tokenizer.pad_token_id), base)


def longest_window(tokenizer: Any, config: Any) -> int:
    """The most pieces, special ones included, that a model reads at once."""
    positions = getattr(config, "max_position_embeddings", None) or 512
    if config.model_type in {"camembert", "roberta", "xlm-roberta"}:
        positions -= config.pad_token_id + 1  # their positions count from behind the padding id
    return int(min(positions, tokenizer.model_max_length))
