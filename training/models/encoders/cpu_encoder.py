"""An encoder of BERT's family made ready for a CPU: few large operations on packed weights.

Query, key and value are one product; a product adds what comes after it (GELU, the sum with what
went in) while its result is still in the processor's registers; and of a classifier's last layer
only the first piece is computed, for nothing else is read. In int8 the weights have a scale each
column, what they are multiplied with a scale each call, from its lowest to its highest value.

The products are oneDNN's, through operators that PyTorch keeps for its own compiler. So whatever is
made here is first held against the encoder as it was, and not used where they disagree.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions as Output

from training.arrays import Float32Array
from training.models.encoders.batching import batches, pad_windows
from training.models.encoders.bert_layers import (
    has_plain_attention,
    has_plain_feed_forward,
    take_attention_out,
)
from training.models.encoders.precision import Precision, has_feature, multiplies_bfloat16
from training.models.encoders.torch_network import describe_computing
from training.runtime import Runtime

_ATTENTION = "packed_attention"  # what transformers calls it
_PIECES_AT_ONCE = 256  # of a batch: as long as its numbers stay in a core's cache, all are as fast
_SHORT = 112  # pieces: a window of fewer is computed as fast in bfloat16 as in int8, or faster
_MANY_ROWS = 100  # pieces of a batch from which MKL's product is the faster one, where it is at all
_ROWS = 8  # pieces computed together are a multiple of it
_WORKERS = 16  # more would queue for Python; further threads share in the products
_PROBE = ((3, 23), (3, 9))  # first id and number of ids of two windows
# By how much, beside their length, the probe's outputs may differ from those in float32. Its ids
# make no sentence: of such int8 is a third off at times; what computes wrongly is off by all of it.
_NEAR = {"float32": 1e-3, "bfloat16": 0.05, "int8": 0.6}


@dataclass(frozen=True)
class PackedNetwork:
    """A packed encoder; windows are computed in several threads, a core each.

    Attributes:
        module: from (ids, mask), each int64 (n, pieces), to float (n, width).
        width: numbers a window.
        pad: the id that fills up a batch.
        runtime: how many windows at once, on how many threads.
        precision: what the products are computed in.
        short: the same in bfloat16, for windows too short for int8 to be faster; None: there are
            none such.
    """

    module: Any = field(repr=False)
    width: int
    pad: int
    runtime: Runtime
    precision: Precision
    short: Any = field(default=None, repr=False)

    @property
    def threads(self) -> int:
        """Of the CPU."""
        return self.runtime.threads or torch.get_num_threads()

    @property
    def computing(self) -> str:
        """What it computes in, and on what."""
        short = "" if self.short is None else ", bfloat16 for short texts,"
        return describe_computing(f"{self.precision}{short}", f"{self.threads} threads of the CPU")

    def outputs(self, windows: Sequence[Sequence[int]]) -> Float32Array:
        """Numbers of each window, float32 (n, width)."""
        found = np.zeros((len(windows), self.width), np.float32)
        several = self._batches(windows)
        workers = max(1, min(self.threads, _WORKERS, len(several)))

        def compute(batch: tuple[Any, list[int]]) -> Float32Array:
            """The numbers of some windows, float32 (rows, width)."""
            module, rows = batch
            ids, mask = pad_windows([windows[n] for n in rows], self.pad)
            with torch.inference_mode():
                values = module(torch.from_numpy(ids), torch.from_numpy(mask))
            return np.asarray(values.float().numpy(), np.float32)

        before = torch.get_num_threads()
        if workers == 1:  # in this thread, whose helpers are there already
            torch.set_num_threads(self.threads)
            for batch in several:
                found[batch[1]] = compute(batch)
        else:
            with ThreadPoolExecutor(
                workers, initializer=torch.set_num_threads, initargs=(self.threads // workers,)
            ) as pool:
                for (_, rows), values in zip(several, pool.map(compute, several), strict=True):
                    found[rows] = values
        torch.set_num_threads(before)  # of threads yet to come, which take the last that was set
        return found

    def _batches(self, windows: Sequence[Sequence[int]]) -> list[tuple[Any, list[int]]]:
        """What computes which windows together, the longest first."""
        shortest = 0 if self.short is None else _SHORT
        # In int8 the scales follow what is computed together: an article's must be its own.
        alone = 1 if self.precision == "int8" else None
        found = []
        for module, lengths, size in (
            (self.module, range(shortest, 10**6), self.runtime.batch_size or alone),
            (self.short, range(shortest), self.runtime.batch_size),
        ):
            places = [n for n, each in enumerate(windows) if len(each) in lengths]
            some = [windows[n] for n in places]
            chosen = batches(some, size, 0) if size else shared(some, self.threads)
            found += [(module, [places[n] for n in rows]) for rows in chosen]
        return found


def shared(windows: Sequence[Sequence[int]], threads: int) -> Iterator[list[int]]:
    """The places of windows computed together, longest first: about as many pieces in each batch.

    There are as many batches as threads, or a multiple, so that no thread waits for another.
    """
    order = sorted(range(len(windows)), key=lambda n: -len(windows[n]))
    sizes = np.array([len(windows[n]) for n in order])
    rounds = -(-int(sizes.sum()) // (_PIECES_AT_ONCE * threads))
    middle = (np.cumsum(sizes) - sizes / 2) / max(1, sizes.sum())
    batch_of = (middle * rounds * threads).astype(np.int64)
    for batch in np.unique(batch_of):
        yield [order[n] for n in np.flatnonzero(batch_of == batch)]


def pack(module: Any, precision: Precision) -> Any | None:
    """A module that gives nearly the same as a module, faster; None if there is none such.

    module: as of a TorchNetwork, on the CPU in float32; it is left as it was.
    """
    layers = getattr(getattr(module.model.base_model, "encoder", None), "layer", ())
    if precision == "float16" or not layers or not all(map(_is_plain, layers)):
        return None
    try:
        with torch.inference_mode():
            # A base model alone gives every piece; with a head on it, the head reads the first.
            first_only = module.model.base_model is not module.model
            packed = _with_encoder(module, PackedEncoder(layers, precision, first_only=first_only))
            return packed if _agree(module, packed, _NEAR[precision]) else None
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return None  # another version of PyTorch, or a machine that oneDNN does not serve


def _is_plain(layer: Any) -> bool:
    """Whether it is a layer of BERT, RoBERTa or CamemBERT with nothing added."""
    attention: Any = getattr(layer, "attention", None)
    values = torch.linspace(-4, 4, 9)
    return (
        has_plain_feed_forward(layer)
        and has_plain_attention(getattr(attention, "self", None))
        and not hasattr(layer, "crossattention")
        and torch.allclose(layer.intermediate.intermediate_act_fn(values), functional.gelu(values))
        and all(
            isinstance(getattr(each, "LayerNorm", None), torch.nn.LayerNorm)
            and each.dense.bias is not None
            for each in (attention.output, layer.output)
        )
    )


def _with_encoder(module: Any, encoder: torch.nn.Module) -> Any:
    """The module with other layers; it shares everything else, and stays as it was."""
    module, model = copy.copy(module), copy.copy(module.model)
    module._modules, model._modules = dict(module._modules), dict(model._modules)
    module.model = model
    base = model.base_model
    if base is not model:
        base = copy.copy(base)
        base._modules = dict(base._modules)
        setattr(model, model.base_model_prefix, base)
    base.config = copy.deepcopy(base.config)
    base.encoder = encoder
    take_attention_out(base, _ATTENTION)
    return module.eval()


def _agree(module: Any, packed: Any, near: float) -> bool:
    """Whether two modules give nearly the same for a few windows, one of them filled up."""
    windows = [list(range(first, first + count)) for first, count in _PROBE]
    ids, mask = (torch.from_numpy(each) for each in pad_windows(windows, pad=1))
    expected, found = module(ids, mask).float(), packed(ids, mask).float()
    gap = torch.linalg.vector_norm(found - expected, dim=1)
    return bool((gap <= near * torch.linalg.vector_norm(expected, dim=1)).all())


class PackedEncoder(torch.nn.Module):
    """The layers of an encoder, in the place of transformers' own."""

    def __init__(self, layers: Any, precision: Precision, *, first_only: bool) -> None:
        super().__init__()
        last = len(layers) - 1
        self.first_only = first_only
        self.layers = [
            _Layer.of(each, precision, first_only=first_only and n == last)
            for n, each in enumerate(layers)
        ]
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    def forward(self, hidden: Any, attention_mask: Any = None, **_: Any) -> Output:
        """float32 (n, pieces, d), or (n, 1, d) where only the first is read; mask: (n, pieces)."""
        layout = _Layout.of(hidden, attention_mask)
        rows = layout.rows(hidden.to(self.dtype))
        for layer in self.layers:
            rows = layer(rows, layout)
        found = rows[:, None] if self.first_only else layout.spread(rows)
        return Output(last_hidden_state=found.float())


@dataclass(frozen=True)
class _Layout:
    """Which pieces of a batch of windows are there: only these are computed, but for attention.

    The first one is repeated until there are a multiple of _ROWS: oneDNN keeps the code that it
    makes for each number of rows, half a MB a product.

    Attributes:
        windows, pieces: of the batch, filled up.
        count: how many pieces are no filling.
        there: int64, the places of those, then of the first one again and again; None if all are
            and none is repeated.
        mask: bool (n, 1, 1, pieces); None if all are there.
        firsts: int64 (n,), the rows of the first piece of each window.
    """

    windows: int
    pieces: int
    count: int
    there: Any
    mask: Any
    firsts: Any

    @classmethod
    def of(cls, hidden: Any, mask: Any) -> "_Layout":
        """Of (n, pieces, d) and (n, pieces) or None."""
        n, pieces, _ = hidden.shape
        if mask is None or mask.all():
            count, firsts, shown = n * pieces, torch.arange(n) * pieces, None
            there = None if count % _ROWS == 0 else torch.arange(count)
        else:
            known = mask.bool()
            firsts = functional.pad(known.sum(1).cumsum(0)[:-1], (1, 0))
            there, shown = known.flatten().nonzero()[:, 0], known[:, None, None, :]
            count = len(there)
        if there is not None:
            there = functional.pad(there, (0, -count % _ROWS))
        return cls(n, pieces, count, there, shown, firsts)

    def rows(self, values: Any) -> Any:
        """(n, pieces, width) -> (rows, width)."""
        flat = values.reshape(-1, values.shape[-1])
        return flat if self.there is None else flat.index_select(0, self.there)

    def spread(self, rows: Any) -> Any:
        """(rows, width) -> (n, pieces, width), the filling 0."""
        if self.count < self.windows * self.pieces:
            assert self.there is not None
            filled = rows.new_zeros((self.windows * self.pieces, rows.shape[1]))
            rows = filled.index_copy_(0, self.there[: self.count], rows[: self.count])
        return rows[: self.windows * self.pieces].view(self.windows, self.pieces, -1)


@dataclass(frozen=True)
class _Layer:
    """A layer of an encoder.

    Attributes:
        heads: of the attention.
        parts: the products that give query, key and value: one, or where only the first piece is
            read one of it and one of all.
        mixed, inner, outer: the products behind the attention and of the feed-forward part.
        norms: behind the attention, and behind the feed-forward part.
    """

    heads: int
    parts: "tuple[_Product, ...]"
    mixed: "_Product"
    inner: "_Product"
    outer: "_Product"
    norms: "tuple[_Norm, _Norm]"

    @classmethod
    def of(cls, layer: Any, precision: Precision, *, first_only: bool) -> "_Layer":
        """A layer of transformers."""
        product = _Int8 if precision == "int8" else _Float
        stream = torch.bfloat16 if precision == "bfloat16" else torch.float32
        # What stays a float within int8: attention, and the product behind GELU, whose few large
        # values would cost more than all other products in 8 bits together (DECISIONS.md).
        inside = torch.bfloat16 if precision == "int8" and multiplies_bfloat16() else stream
        own = layer.attention.self
        scale = 1 / math.sqrt(own.attention_head_size)
        query = (own.query.weight * scale, own.query.bias * scale)
        rest = [(each.weight, each.bias) for each in (own.key, own.value)]
        groups = [[query], rest] if first_only else [[query, *rest]]
        mixed, inner, outer = layer.attention.output, layer.intermediate, layer.output
        return cls(
            own.num_attention_heads,
            tuple(
                product.of(torch.cat([w for w, _ in some]), torch.cat([b for _, b in some]), inside)
                for some in groups
            ),
            product.of(mixed.dense.weight, mixed.dense.bias, stream),
            product.of(inner.dense.weight, inner.dense.bias, inside),
            _Float.of(outer.dense.weight, outer.dense.bias, inside),
            (_Norm.of(mixed.LayerNorm, stream), _Norm.of(outer.LayerNorm, stream)),
        )

    def __call__(self, rows: Any, layout: _Layout) -> Any:
        """rows: (rows, d) of all pieces; returns as many, or one a window."""
        if len(self.parts) == 1:
            query, key, value = self._split(layout.spread(self.parts[0](rows)), 3)
            mixed = _attend(query, key, value, layout.mask).transpose(1, 2)
            mixed = layout.rows(mixed.reshape(layout.windows, layout.pieces, -1))
        else:
            key, value = self._split(layout.spread(self.parts[1](rows)), 2)
            rows = rows.index_select(0, layout.firsts)
            (query,) = self._split(self.parts[0](rows)[:, None], 1)
            mixed = _attend(query, key, value, layout.mask).reshape(layout.windows, -1)
        rows = self.norms[0](self.mixed(mixed, add=rows))
        return self.norms[1](self.outer(self.inner(rows, gelu=True), add=rows))

    def _split(self, values: Any, count: int) -> Any:
        """(n, pieces, count · d) -> (count, n, heads, pieces, d / heads)."""
        n, pieces, _ = values.shape
        return values.view(n, pieces, count, self.heads, -1).permute(2, 0, 3, 1, 4)


def _attend(query: Any, key: Any, value: Any, mask: Any) -> Any:
    """What each head takes from where; in bfloat16 written out is faster (DECISIONS.md)."""
    if query.dtype == torch.float32:
        return functional.scaled_dot_product_attention(query, key, value, mask, scale=1.0)
    scores = query @ key.transpose(-1, -2)
    if mask is not None:
        scores.masked_fill_(~mask, torch.finfo(scores.dtype).min)
    # Rows that fill no vector of bfloat16 take PyTorch three times as long as in float32.
    wide = scores.shape[-1] % 32 == 0 and scores.shape[-1] >= _SHORT
    shares = scores.softmax(-1) if wide else scores.softmax(-1, dtype=torch.float32)
    return shares.to(scores.dtype) @ value


class _Product(Protocol):
    """x · Wᵀ + b, and what comes right after it."""

    @classmethod
    def of(cls, weight: Any, bias: Any, dtype: torch.dtype) -> "_Product":
        """weight: float (out, in); bias: float (out,); dtype: of the result."""
        ...

    def __call__(self, x: Any, *, gelu: bool = False, add: Any = None) -> Any:
        """x: (rows, in). Returns (rows, out), after GELU or with add summed up."""
        ...


@dataclass(frozen=True)
class _Float:
    """In float32 or bfloat16.

    Attributes:
        weight: packed.
        bias: (out,).
        plain: the weight as it was, where MKL's product of many rows and PyTorch's own GELU are
            faster than oneDNN's: in float32 without AVX-512 (DECISIONS.md).
    """

    weight: Any
    bias: Any
    plain: Any = None

    @classmethod
    def of(cls, weight: Any, bias: Any, dtype: torch.dtype) -> "_Float":
        """As of any product."""
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.to(dtype), _PIECES_AT_ONCE)
        plain = weight if dtype == torch.float32 and not has_feature("avx512f") else None
        return cls(packed, bias.to(dtype), plain)

    def __call__(self, x: Any, *, gelu: bool = False, add: Any = None) -> Any:
        """As of any product."""
        operator = torch.ops.mkldnn._linear_pointwise
        if self.plain is not None and len(x) >= _MANY_ROWS:
            found = functional.linear(x, self.plain, self.bias)
            found = functional.gelu(found) if gelu else found
            return found if add is None else found.add_(add)
        if self.plain is not None and gelu:
            return functional.gelu(operator(x, self.weight, self.bias, "none", [], "none"))
        if add is not None and add.dtype == x.dtype:
            return operator.binary(x, add, self.weight, self.bias, "add")
        if add is not None:
            return add + operator(x, self.weight, self.bias, "none", [], "none")
        return operator(x, self.weight, self.bias, "gelu" if gelu else "none", [], "none")


@dataclass(frozen=True)
class _Int8:
    """In 8 bits, summed up in 32; the result is a float again."""

    weight: Any
    scales: Any
    zeros: Any
    bias: Any
    dtype: torch.dtype

    @classmethod
    def of(cls, weight: Any, bias: Any, dtype: torch.dtype) -> "_Int8":
        """As of any product."""
        scales = (weight.abs().amax(1) / 127).clamp_min(1e-12)
        rounded = (weight / scales[:, None]).round().to(torch.int8)
        packed = torch.ops.onednn.qlinear_prepack(rounded, [_PIECES_AT_ONCE, weight.shape[1]])
        zeros = torch.zeros(len(scales), dtype=torch.int32)
        return cls(packed, scales, zeros, bias.clone(), dtype)

    def __call__(self, x: Any, *, gelu: bool = False, add: Any = None) -> Any:
        """As of any product."""
        low, high = (float(each) for each in x.aminmax())
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max((high - low) / 254, 1e-12)  # not 255: both ends may round outwards
        zero = round(-low / scale)
        # 0 to 255 by way of -128 to 127, to which PyTorch rounds many times faster.
        shifted = torch.add(zero - 128, x, alpha=1 / scale).round_().to(torch.int8)
        x = shifted.view(torch.uint8).bitwise_xor_(128)
        operator, weight = (
            torch.ops.onednn.qlinear_pointwise,
            (self.weight, self.scales, self.zeros),
        )
        result = (self.bias, 1.0, 0, self.dtype)
        if add is not None:
            post: tuple[Any, ...] = (1.0, 0, "add", 1.0, "none", [], "")
            return operator.binary(x, scale, zero, *weight, add, *result, *post)
        return operator(x, scale, zero, *weight, *result, "gelu" if gelu else "none", [], "none")


@dataclass(frozen=True)
class _Norm:
    """Normalisation of a layer's numbers."""

    weight: Any
    bias: Any
    eps: float

    @classmethod
    def of(cls, norm: torch.nn.LayerNorm, dtype: torch.dtype) -> "_Norm":
        """That of a module, for numbers of a type."""
        return cls(norm.weight.to(dtype), norm.bias.to(dtype), norm.eps)

    def __call__(self, x: Any) -> Any:
        """The same shape."""
        return functional.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)
