"""A base model and its tokenizer, from a folder or the Hugging Face hub; safetensors only."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError
from training.models.encoders.networks.torch_network import import_torch
from training.models.encoders.tokenizer_limits import check_tokenizer
from training.models.encoders.tokens import Tokenizer

# Any of these files is enough for a tokenizer.
_TOKENIZERS = (
    *("tokenizer.json", "sentencepiece.bpe.model", "spiece.model", "spm.model"),
    *("vocab.txt", "vocab.json"),
)
_PATIENCE = 5  # seconds for the hub to answer


def read_base(base: str, architecture: str, **options: Any) -> tuple[Any, Any]:
    """Read the tokenizer and the model of a base; arguments and errors as for `read_model`."""
    check_base(base)
    import_torch()
    import transformers

    name, revision = split_revision(base)
    with _errors_in_one_line(base):
        # False, and not left out: a terminal would be asked whether to run the code.
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            name,
            revision=revision,
            trust_remote_code=False,
            local_files_only=_is_out_of_reach(name, revision),
        )
    return tokenizer, read_model(base, architecture, **options)


def read_model(base: str, architecture: str, **options: Any) -> Any:
    """Read the model of a base.

    Args:
        base: a folder, or a name on the hub: "NAME", or "NAME@REVISION" (a commit, tag or branch).
        architecture: the class of transformers that reads it, such as "AutoModel".
        options: of its configuration.

    Raises:
        InputError: it does not exist, has no network, or only pickled weights; says what helps.
    """
    import_torch()
    import transformers

    name, revision = split_revision(base)
    with _errors_in_one_line(base):
        model, loaded = getattr(transformers, architecture).from_pretrained(
            name,
            revision=revision,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=_is_out_of_reach(name, revision),
            output_loading_info=True,
            **options,
        )
    refuse_other_kinds(base, model.config.model_type)
    _refuse_other_weights(base, model, loaded, whole=architecture == "AutoModel")
    return model


def split_revision(base: str) -> tuple[str, str]:
    """Split "NAME@REVISION" into the two; a folder keeps its name, and "main" is the default."""
    if Path(base).is_dir():
        return base, "main"
    name, _, revision = base.partition("@")
    return name, revision or "main"


def read_commit(base: str) -> str:
    """Return the commit of a base that was read from the hub; "" for a folder."""
    from huggingface_hub import try_to_load_from_cache

    name, revision = split_revision(base)
    if Path(name).is_dir():
        return ""
    config = try_to_load_from_cache(name, "config.json", revision=revision)
    return Path(config).parent.name if isinstance(config, str) else ""


@functools.cache
def _is_out_of_reach(name: str, revision: str) -> bool:
    """Tell whether the hub does not answer, so that only its cache can be read.

    Asked once: transformers alone would try for most of a minute, and complain about each try.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    if Path(name).is_dir() or constants.is_offline_mode():
        return False
    try:
        url = hf_hub_url(name, "config.json", revision=revision)
        get_hf_file_metadata(url, timeout=_PATIENCE)
    except HfHubHTTPError:
        return False  # it answered
    except Exception:  # of whichever HTTP library the hub's client uses
        return True
    return False


@contextlib.contextmanager
def _errors_in_one_line(base: str) -> Iterator[None]:
    """Turn a library's complaint about a base into one line."""
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
    """Refuse a folder that is no encoder's, before a library is imported and guesses.

    Raises:
        InputError: it does not exist, is a file, or lacks a file.
    """
    path = Path(base)
    if not path.is_dir():
        if path.exists():
            raise InputError(f"{base}: a file. Give --base-model a folder, or a name on the hub.")
        if base.startswith((".", "/", "~")) or split_revision(base)[0].count("/") > 1:
            raise InputError(f"{base}: no such folder. Check --base-model.")
        return
    missing = [] if (path / "config.json").is_file() else ["config.json"]
    if not any((path / name).is_file() for name in _TOKENIZERS):
        missing.append("tokenizer.json")
    if missing:
        raise InputError(
            f"{base}: {' and '.join(missing)} missing. An encoder's folder has config.json, "
            "model.safetensors and tokenizer.json."
        )


def refuse_other_kinds(base: str, kind: object) -> None:
    """Refuse a kind of model that is no encoder.

    Raises:
        InputError: it is none of BERT's family.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    if not isinstance(kind, str) or kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        raise InputError(
            f"{base}: a {str(kind)[:40]} model is no encoder that can be used here. Give a "
            "CamemBERT or another model of the BERT family."
        )


def _refuse_other_weights(base: str, model: Any, loaded: Any, *, whole: bool) -> None:
    """Refuse weights of another model: only a head, or an unused pooler, may be random numbers."""
    names = [*loaded["missing_keys"], *(key for key, *_ in loaded["mismatched_keys"])]
    inside = f"{model.base_model_prefix}."
    fresh = [n for n in names if (whole or n.startswith(inside)) and "pooler" not in n]
    if fresh:
        raise InputError(
            f"{base}: model.safetensors does not belong to config.json: {len(fresh)} of the "
            f"encoder's weights are missing or of another size ({fresh[0]}). Download the folder "
            "again."
        )


def wrap_tokenizer(tokenizer: Any, base: str) -> Tokenizer:
    """Wrap a tokenizer of transformers.

    Args:
        tokenizer: of transformers.
        base: where it is from, for errors.

    Raises:
        InputError: it is not one of the tokenizers library, asks for too much, or does not know
            French.
    """
    if not getattr(tokenizer, "is_fast", False) or tokenizer.pad_token_id is None:
        raise InputError(
            f"{base}: its tokenizer has no tokenizer.json or no padding. Give a folder that does."
        )
    check_tokenizer(tokenizer.backend_tokenizer, base)
    return Tokenizer.of(tokenizer.backend_tokenizer, int(tokenizer.pad_token_id), base)


def longest_window(tokenizer: Any, config: Any) -> int:
    """Return the most tokens, special ones included, that a model reads at once."""
    positions = getattr(config, "max_position_embeddings", None) or 512
    if config.model_type in {"camembert", "roberta", "xlm-roberta"}:
        positions -= config.pad_token_id + 1  # their positions count from after the padding id
    return int(min(positions, tokenizer.model_max_length))
