"""Encoders of BERT's family: telling their layers from others, and replacing their attention."""

from typing import Any

from training.models.encoders.networks.torch_network import import_torch


def has_plain_attention(attention: Any) -> bool:
    """Tell whether it is the self-attention of BERT, RoBERTa and CamemBERT, and nothing more."""
    linear = import_torch().nn.Linear
    parts = [getattr(attention, name, None) for name in ("query", "key", "value")]
    return (
        all(isinstance(part, linear) and part.bias is not None for part in parts)
        and not getattr(attention, "is_decoder", False)
        and not hasattr(attention, "distance_embedding")
        and not getattr(attention, "is_causal", False)
    )


def has_plain_feed_forward(layer: Any) -> bool:
    """Tell whether a layer has the feed-forward part of BERT, RoBERTa and CamemBERT."""
    torch = import_torch()
    inner: Any = getattr(layer, "intermediate", None)
    outer: Any = getattr(layer, "output", None)
    return (
        isinstance(getattr(inner, "dense", None), torch.nn.Linear)
        and isinstance(getattr(outer, "dense", None), torch.nn.Linear)
        and not float(inner.intermediate_act_fn(torch.zeros(1)))  # a unit without weights is silent
        and not layer.chunk_size_feed_forward
    )


def take_attention_out(model: Any, name: str) -> None:
    """Make a model pass the mask (n, tokens) to its layers unchanged, under a name of ours.

    The caller replaces the model's attention; calling it is an error.
    """
    import transformers

    def refuse(*_arguments: Any, **_options: Any) -> Any:
        """Stand for the attention that is replaced."""
        raise NotImplementedError("the layers that would ask for it are replaced")

    def pass_mask(*_arguments: Any, attention_mask: Any = None, **_options: Any) -> Any:
        """Leave the mask as the tokenizer made it."""
        return attention_mask

    transformers.AttentionInterface.register(name, refuse)
    transformers.AttentionMaskInterface.register(name, pass_mask)
    model.set_attn_implementation(name)
