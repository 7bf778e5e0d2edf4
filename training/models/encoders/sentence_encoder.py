"""A frozen Hugging Face encoder: texts -> a vector each, pooled over windows of all the text."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from seeds.base.errors import InputError
from seeds.base.records import read_object
from training.arrays import Float32Array
from training.models.encoders.batching import Network
from training.models.encoders.hub import longest_window, pieces_of, read_base, read_model
from training.models.encoders.network_choice import choose_network
from training.models.encoders.onnx_network import OnnxNetwork
from training.models.encoders.tokens import Pieces, Windows, pooled
from training.models.encoders.torch_network import TorchNetwork, import_torch
from training.models.encoders.vector_cache import VectorCache
from training.runtime import Runtime


@dataclass(frozen=True)
class Encoder:
    """What turns texts into vectors.

    Attributes:
        plan: how a text is cut.
        pieces: the tokenizer.
        network: a window's vector, float32 (width,), of length 1.
        width: numbers of a vector.
        fingerprint: 16 hexadecimal digits over weights and tokens; names its vectors in the cache.
        base: the tokenizer and the model of transformers and its own precision, to be saved; None
            once loaded from a run.
    """

    plan: Windows
    pieces: Pieces
    network: Network
    width: int
    fingerprint: str = ""
    base: tuple[Any, Any, Any] | None = field(default=None, repr=False)

    @classmethod
    def read(cls, base: str, plan: Windows, runtime: Runtime) -> Self:
        """An encoder from a folder or the Hugging Face hub.

        Raises:
            InputError: it is not there, has no network, no tokenizer, or only pickled weights.
        """
        tokenizer, model = read_base(base, "AutoModel", dtype="auto")
        pieces = pieces_of(tokenizer, base)
        longest = longest_window(tokenizer, model.config)
        if plan.size > longest:
            raise InputError(f"{base}: reads {longest} pieces at once; window is {plan.size}.")
        digest = hashlib.sha256(json.dumps(pieces.golden).encode())
        for tensor in model.state_dict().values():
            digest.update(tensor.float().numpy().tobytes()[:4096])
        dtype, width = model.dtype, model.config.hidden_size
        network = TorchNetwork.of(mean_of_pieces(model), width, pieces.pad, runtime)
        name = digest.hexdigest()[:16]
        return cls(plan, pieces, network, width, name, (tokenizer, model, dtype))

    @classmethod
    def load(cls, directory: Path, plan: Windows, golden: Sequence[int], runtime: Runtime) -> Self:
        """The encoder of a run.

        Raises:
            InputError: a file is not what it must be, or the tokenizer reads otherwise now.
        """
        config = read_object(directory / "config.json")
        width, pad = int(config["hidden_size"]), int(config["pad_token_id"])
        pieces = Pieces.load(directory / "tokenizer.json", pad, golden)
        onnx = directory / "model.onnx"
        if onnx.is_file():
            return cls(plan, pieces, OnnxNetwork.load(onnx, width, pad, runtime), width)
        model = read_model(str(directory), "AutoModel", dtype="auto")
        # Without its mean, in which most of it lies, int8's error is a larger part of a vector.
        network = choose_network(mean_of_pieces(model.float()), width, pad, runtime, sparing="int8")
        return cls(plan, pieces, network, width)

    def save(self, directory: Path) -> None:
        """Write it as a Hugging Face folder, in the precision it came in."""
        if self.base is None:
            raise InputError("an encoder loaded from a run is already saved there")
        tokenizer, model, dtype = self.base
        model.config.pad_token_id = self.pieces.pad
        model.config.name_or_path = ""  # a folder of the machine it was trained on
        model.to(dtype).save_pretrained(directory)
        model.float()
        tokenizer.save_pretrained(directory)

    def embed(self, texts: Sequence[str], cache: "VectorCache | None" = None) -> Float32Array:
        """A vector of length 1 for each text, float32 (n, width).

        A window's vector is the mean of its pieces; a text's the mean of its windows, the first
        counting most (1/√position): news leads with its topic.
        """
        if cache is None:
            return self._computed(texts)
        keys = [self._key(text) for text in texts]
        known = cache.read(keys)
        new = [n for n, key in enumerate(keys) if key not in known]
        vectors = dict(
            zip((keys[n] for n in new), self._computed([texts[n] for n in new]), strict=True)
        )
        cache.write(vectors)
        rows = [known[key] if key in known else vectors[key] for key in keys]
        return np.array(rows, np.float32).reshape(len(texts), self.width)

    def _key(self, text: str) -> str:
        parts = json.dumps([self.fingerprint, self.plan.size, self.plan.prefix, text])
        return hashlib.sha256(parts.encode()).hexdigest()

    def _computed(self, texts: Sequence[str]) -> Float32Array:
        windows = self.pieces.windows(texts, self.plan)
        outputs = self.network.outputs([each for several in windows for each in several])
        found = pooled(outputs.reshape(-1, self.width), windows)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)


def mean_of_pieces(model: Any) -> Any:
    """A module from (ids, mask) to the mean of a window's pieces, of length 1: (n, width)."""
    torch = import_torch()

    class MeanOfPieces(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The encoder, asked for one vector a window."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any) -> Any:
            """Vectors of length 1, (n, width)."""
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[..., None].to(hidden.dtype)
            mean = (hidden * weights).sum(1) / weights.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    return MeanOfPieces()
