"""Text -> windows of token ids, with a check that the tokenizer still reads as at training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from seeds.base.errors import InputError, missing_extra
from training.arrays import Float32Array
from training.models.encoders.tokenizer_limits import is_library_error, read_backend, shorten

# A sentence whose ids are stored with a model: a tokenizer that reads it differently is refused.
_PROBE = "L'été dernier, le ministère a signé à Dakar un accord sur 12 coproductions."
_SHORTEST = 4  # a last window that is less than a fourth full holds only an article's last lines
_LEAST_ROOM = 4  # tokens of text that a window adds to the one before

Keep = Literal["all", "head", "head-tail"]


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """How to cut a text into windows.

    Attributes:
        size: tokens of a window, special ones included.
        overlap: tokens that a window shares with the one before.
        keep: "all" windows, the "head" (the first), or "head-tail" (the first and the last).
        prefix: put before each window; E5 models expect "query: ".
    """

    size: int
    overlap: int = 0
    keep: Keep = "all"
    prefix: str = ""

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 8192:
            raise InputError(f"window must be from 16 to 8192 tokens, found {self.size}")
        if not 0 <= self.overlap <= self.size // 2:
            raise InputError(
                f"overlap must be from 0 to half a window ({self.size // 2}), found {self.overlap}"
            )


@dataclass(frozen=True)
class Tokenizer:
    """An encoder's tokenizer, and the special tokens that it puts around a text.

    Attributes:
        backend: a tokenizers.Tokenizer.
        prologue, epilogue: the special ids before and after a text.
        pad: the id that fills up a batch.
        golden: the ids of a French sentence.
    """

    backend: Any = field(repr=False)
    prologue: tuple[int, ...]
    epilogue: tuple[int, ...]
    pad: int
    golden: tuple[int, ...]

    @classmethod
    def of(cls, backend: Any, pad: int, origin: str) -> Self:
        """Wrap a tokenizer of the tokenizers library.

        Args:
            backend: a tokenizers.Tokenizer.
            pad: the padding id.
            origin: where it is from, for errors.

        Raises:
            InputError: it does not know French, or has lost its vocabulary.
        """
        backend.no_truncation()
        backend.no_padding()
        try:
            golden = backend.encode(_PROBE).ids
            text = backend.encode(_PROBE, add_special_tokens=False)
        except BaseException as error:  # the library raises bare Exception, and panics are none
            if not is_library_error(error):
                raise
            raise InputError(
                f"{origin}: its tokenizer can't read French ({shorten(error)}). Give a folder with "
                "the right tokenizer.json."
            ) from error
        if not _knows_french(text.ids, text.tokens):
            raise InputError(
                f"{origin}: its tokenizer does not know French ({len(text.ids)} tokens for "
                f"{len(_PROBE)} characters). Give a folder with the right tokenizer.json."
            )
        size = len(text.ids)
        begin = next((n for n in range(len(golden)) if golden[n : n + size] == text.ids), None)
        if begin is None:
            raise InputError(
                f"{origin}: its tokenizer reads a text differently within special tokens. Give a "
                "folder with the right tokenizer.json."
            )
        prologue, epilogue = golden[:begin], golden[begin + size :]
        return cls(backend, tuple(prologue), tuple(epilogue), pad, tuple(golden))

    @classmethod
    def load(cls, path: Path, pad: int, golden: Sequence[int]) -> Self:
        """Load the tokenizer of a run.

        Args:
            path: tokenizer.json.
            pad: the padding id.
            golden: the ids that it gave the French sentence at training.

        Raises:
            InputError: there is no tokenizer, or it reads differently now.
        """
        try:
            backend = read_backend(path)
        except ModuleNotFoundError as error:
            raise missing_extra("camembert", "Using an encoder") from error
        tokenizer = cls.of(backend, pad, str(path))
        if list(tokenizer.golden) != list(golden):
            raise InputError(f"{path}: the tokenizer no longer reads French as at training")
        return tokenizer

    def windows(self, texts: Sequence[str], plan: WindowPlan) -> list[list[list[int]]]:
        """Return the token ids of each window of each text; at least one window a text."""
        prefix = self.ids([plan.prefix])[0] if plan.prefix else []
        prologue, epilogue = [*self.prologue, *prefix], list(self.epilogue)
        room = plan.size - len(prologue) - len(epilogue)
        if room - plan.overlap < _LEAST_ROOM:
            raise InputError(f"a window of {plan.size} tokens leaves no room for text")
        return [
            [[*prologue, *chunk, *epilogue] for chunk in _chunks(ids, room, plan)]
            for ids in self.ids(texts)
        ]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without special ones."""
        encodings = self.backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


def _knows_french(ids: Sequence[int], tokens: Sequence[str]) -> bool:
    """Tell a French vocabulary by the tokens of the probe.

    A tokenizer that has lost its vocabulary reads letters or bytes, or knows nothing.
    """
    characters = sum(len(token) for token in tokens if "unk" not in token.lower())
    enough_tokens = len(set(ids)) >= 10 and len(ids) <= len(_PROBE) * 0.9
    return enough_tokens and characters >= len(_PROBE) * 0.7


def _chunks(ids: list[int], room: int, plan: WindowPlan) -> list[list[int]]:
    """Cut the ids of a text into those of its windows; a short last one is left out."""
    step = room - plan.overlap
    chunks = [ids[n : n + room] for n in range(0, max(len(ids) - plan.overlap, 1), step)]
    if len(chunks) > 1 and len(chunks[-1]) - plan.overlap < step / _SHORTEST:
        chunks.pop()
    if plan.keep == "head":
        return chunks[:1]
    return [chunks[0], chunks[-1]] if plan.keep == "head-tail" and len(chunks) > 1 else chunks


def pool_windows(outputs: Float32Array, windows: Sequence[Sequence[object]]) -> Float32Array:
    """Average the outputs of each text's windows; the first counts most (1/√position).

    Args:
        outputs: float32 (windows of all texts, width).
        windows: those of each text.

    Returns:
        float32 (texts, width).
    """
    means, begin = np.zeros((len(windows), outputs.shape[1]), np.float32), 0
    for n, text_windows in enumerate(windows):
        weights = 1 / np.sqrt(np.arange(1, len(text_windows) + 1))
        means[n] = weights @ outputs[begin : begin + len(text_windows)] / weights.sum()
        begin += len(text_windows)
    return means
