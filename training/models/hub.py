"""A base model and its tokenizer, from a folder or the Hugging Face hub; safetensors only."""

from typing import Any

from seeds.errors import InputError
from training.models.network import import_torch
from training.models.pieces import Pieces


def read_base(base: str, architecture: str, **options: Any) -> tuple[Any, Any]:
    """The tokenizer and the model of a base.

    Args:
        base: a folder, or a name on the hub.
        architecture: the class of transformers that reads it, such as "AutoModel".
        options: of its configuration.

    Raises:
        InputError: it is not there, has no network, or only pickled weights; says what helps.
    """
    import_torch()
    import transformers

    try:
        # False, and not left out: a terminal would be asked whether to run the code.
        tokenizer = transformers.AutoTokenizer.from_pretrained(base, trust_remote_code=False)
        model = getattr(transformers, architecture).from_pretrained(
            base, use_safetensors=True, trust_remote_code=False, **options
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{base}: no encoder could be loaded ({reason}). Without a network, give a folder "
            "with config.json, model.safetensors and tokenizer.json: --base-model FOLDER."
        ) from error
    return tokenizer, model


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
