"""Encoders of BERT's family: whether a layer is one of theirs, and what attention they get."""

from typing import Any

from training.models.encoders.torch_network import import_torch


def has_plain_attention(attention: Any) -> bool:
    """Whether it is the self-attention of BERT, RoBERTa and CamemBERT, and nothing more."""
    linear = import_torch().nn.Linear
    parts = [getattr(attention, name, None) for name in ("query", "key", "value")]
    return (
        all(isinstance(each, linear) and each.bias is not None for each in parts)
        and not getattr(attention, "is_decoder", False)
        and not hasattr(attention, "distance_embedding")
        and not getattr(attention, "is_causal", False)
    )


def has_plain_feed_forward(layer: Any) -> bool:
    """Whether it is a layer of BERT, RoBERTa or CamemBERT."""
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
    """Make a model hand its layers the mask (n, pieces) as it is given, under a name of ours.

    Its own attention is replaced by whoever calls this; asking for it is an error.
    """
    import transformers

    def never(*_given: Any, **_named: Any) -> Any:
        """Stand for the attention that is replaced."""
        raise NotImplementedError("the layers that would ask for it are replaced")

    def mask_as_it_is(*_given: Any, attention_mask: Any = None, **_named: Any) -> Any:
        """Leave the mask as the tokenizer made it."""
        return attention_mask

    transformers.AttentionInterface.register(name, never)
    transformers.AttentionMaskInterface.register(name, mask_as_it_is)
    model.set_attn_implementation(name)
