"""A frozen Hugging Face encoder: texts -> a vector each, pooled over windows of all the text."""

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from seeds.base.errors import InputError
from training.arrays import Float32Array
from training.models.encoders.batching import Network
from training.models.encoders.hub import longest_window, read_base, wrap_tokenizer
from training.models.encoders.networks.network_choice import choose_network, golden_windows
from training.models.encoders.networks.onnx_network import OnnxNetwork
from training.models.encoders.networks.torch_network import TorchNetwork, import_torch
from training.models.encoders.run_encoder import read_run_model, read_sizes
from training.models.encoders.tokens import Tokenizer, WindowPlan, pool_windows
from training.models.encoders.vector_cache import VectorCache
from training.runtime import Runtime


@dataclass(frozen=True)
class SentenceEncoder:
    """An encoder that turns each text into a vector.

    Attributes:
        plan: how to cut a text.
        tokenizer: of the encoder.
        network: gives a window's vector, float32 (width,), of length 1.
        width: numbers of a vector.
        fingerprint: 16 hexadecimal digits over weights and tokens; names its vectors in the cache.
        base: the tokenizer and the model of transformers and the model's own precision, to be
            saved; None once loaded from a run.
    """

    plan: WindowPlan
    tokenizer: Tokenizer
    network: Network
    width: int
    fingerprint: str = ""
    base: tuple[Any, Any, Any] | None = field(default=None, repr=False)

    @classmethod
    def read(cls, base: str, plan: WindowPlan, runtime: Runtime) -> Self:
        """Read an encoder from a folder or the Hugging Face hub.

        Raises:
            InputError: it does not exist, has no network, no tokenizer, or only pickled weights.
        """
        hub_tokenizer, model = read_base(base, "AutoModel", dtype="auto")
        tokenizer = wrap_tokenizer(hub_tokenizer, base)
        longest = longest_window(hub_tokenizer, model.config)
        if plan.size > longest:
            raise InputError(
                f"{base}: reads at most {longest} tokens at once; window is {plan.size}."
            )
        digest = hashlib.sha256(json.dumps(tokenizer.golden).encode())
        for tensor in model.state_dict().values():
            digest.update(tensor.float().numpy().tobytes()[:4096])
        dtype, width = model.dtype, model.config.hidden_size
        network = TorchNetwork.of(mean_of_tokens(model), width, tokenizer.pad, runtime)
        fingerprint = digest.hexdigest()[:16]
        return cls(plan, tokenizer, network, width, fingerprint, (hub_tokenizer, model, dtype))

    @classmethod
    def load(
        cls, directory: Path, plan: WindowPlan, golden: Sequence[int], runtime: Runtime
    ) -> Self:
        """Load the encoder of a run.

        Raises:
            InputError: a file is not what it must be, or the tokenizer reads differently now.
        """
        sizes = read_sizes(directory)
        width, pad = sizes.hidden, sizes.pad
        tokenizer = Tokenizer.load(directory / "tokenizer.json", pad, golden)
        onnx = directory / "model.onnx"
        if onnx.is_file():
            return cls(plan, tokenizer, OnnxNetwork.load(onnx, width, pad, runtime), width)
        model = read_run_model(directory, "AutoModel", "auto")
        samples = partial(golden_windows, directory.parent, tokenizer, plan)
        network = choose_network(mean_of_tokens(model.float()), width, pad, runtime, samples)
        return cls(plan, tokenizer, network, width)

    def save(self, directory: Path) -> None:
        """Write it as a Hugging Face folder, in the precision it came in."""
        if self.base is None:
            raise InputError("an encoder loaded from a run is already saved there")
        hub_tokenizer, model, dtype = self.base
        model.config.pad_token_id = self.tokenizer.pad
        model.config.name_or_path = ""  # a folder of the machine it was trained on
        model.to(dtype).save_pretrained(directory)
        model.float()
        hub_tokenizer.save_pretrained(directory)

    def embed(self, texts: Sequence[str], cache: "VectorCache | None" = None) -> Float32Array:
        """Return a vector of length 1 for each text, float32 (n, width).

        A window's vector is the mean of its tokens; a text's the mean of its windows, the first
        counting most (1/√position): news leads with its topic.
        """
        if cache is None:
            return self._compute(texts)
        keys = [self._key(text) for text in texts]
        cached = cache.read(keys)
        new = [n for n, key in enumerate(keys) if key not in cached]
        vectors = dict(
            zip((keys[n] for n in new), self._compute([texts[n] for n in new]), strict=True)
        )
        cache.write(vectors)
        rows = [cached[key] if key in cached else vectors[key] for key in keys]
        return np.array(rows, np.float32).reshape(len(texts), self.width)

    def _key(self, text: str) -> str:
        parts = json.dumps([self.fingerprint, self.plan.size, self.plan.prefix, text])
        return hashlib.sha256(parts.encode()).hexdigest()

    def _compute(self, texts: Sequence[str]) -> Float32Array:
        windows = self.tokenizer.windows(texts, self.plan)
        outputs = self.network.outputs(list(itertools.chain.from_iterable(windows)))
        vectors = pool_windows(outputs.reshape(-1, self.width), windows)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def mean_of_tokens(model: Any) -> Any:
    """Return a module from (ids, mask) to the mean of a window's tokens, of length 1."""
    torch = import_torch()

    class MeanOfTokens(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The encoder, asked for one vector a window."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any) -> Any:
            """Return vectors of length 1, (n, width)."""
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[..., None].to(hidden.dtype)
            mean = (hidden * weights).sum(1) / weights.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    return MeanOfTokens()
