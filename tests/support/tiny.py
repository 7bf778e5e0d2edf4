"""A tiny random CamemBERT with a tokenizer trained on the spot: the real code, in milliseconds."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.corpus import FILLER, WORDS, dataset

if TYPE_CHECKING:
    from training.models.camembert.settings import CamembertSettings


def tiny_camembert(folder: Path) -> Path:
    """Save a 2-layer CamemBERT of 32 dimensions, with a BPE tokenizer, as a Hugging Face folder."""
    import torch
    from transformers import CamembertConfig, CamembertModel

    tokenizer = _train_tokenizer()
    torch.manual_seed(0)
    config = CamembertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    CamembertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _train_tokenizer() -> Any:
    """Return a tokenizer of transformers that reads the articles of the corpus."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special)
    letters = "abcdefghijklmnopqrstuvwxyzéèàçêîôùœ'’.,;:!? ABCDEFGHIJKLMNOPQRSTUVWXYZÉ0123456789"
    words = [*FILLER, *(word for topic in WORDS.values() for word in topic)]
    tokenizer.train_from_iterator([*dataset(60).texts, " ".join(words), *letters], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_max_length=126,
    )


def tiny_settings(**changed: Any) -> "CamembertSettings":
    """Return settings that learn to tell the articles of the corpus apart, from nothing."""
    from training.models.camembert.settings import CamembertSettings

    settings: dict[str, Any] = {
        "window": 64,
        "overlap": 8,
        "learn_windows": "all",
        "min_steps": 320,
        "learning_rate": 6e-3,
        "layer_decay": 1.0,
        "head_factor": 1.0,
        "mixed": "float32",
    }
    return CamembertSettings(**(settings | changed))


def quick_settings(base: Path, **changed: Any) -> "CamembertSettings":
    """Return settings of a training of a few steps, which learns next to nothing."""
    settings = {"base_model": str(base), "window": 32, "epochs": 1, "min_steps": 8}
    return tiny_settings(**(settings | changed))
