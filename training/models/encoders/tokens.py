"""Text -> windows of token ids, with a check that the tokenizer still reads as at training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from seeds.base.errors import InputError, missing_extra
from training.arrays import Float32Array

# A sentence whose ids are kept with a model: a tokenizer that reads it otherwise is refused.
_PROBE = "L'été dernier, le ministère a signé à Dakar un accord sur 12 coproductions."
_SHORTEST = 4  # a last window with less than a fourth of its room is an article's last lines

Keep = Literal["all", "head", "head-tail"]


@dataclass(frozen=True, slots=True)
class Windows:
    """How a text is cut.

    Attributes:
        size: pieces of a window, special ones included.
        overlap: pieces that a window shares with the one before.
        keep: "all" windows, the "head" (the first), or "head-tail" (the first and the last).
        prefix: put before each window; E5 models want "query: ".
    """

    size: int
    overlap: int = 0
    keep: Keep = "all"
    prefix: str = ""

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 8192:
            raise InputError(f"window must be from 16 to 8192 pieces, found {self.size}")
        if not 0 <= self.overlap <= self.size // 2:
            raise InputError(
                f"overlap must be from 0 to half a window ({self.size // 2}), found {self.overlap}"
            )


@dataclass(frozen=True)
class Pieces:
    """A tokenizer as it is used here.

    Attributes:
        tokenizer: of the tokenizers library.
        before, after: the special ids put around a text.
        pad: the id that fills up a batch.
        golden: the ids of a French sentence.
    """

    tokenizer: Any = field(repr=False)
    before: tuple[int, ...]
    after: tuple[int, ...]
    pad: int
    golden: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: Any, pad: int, where: str) -> Self:
        """The tokenizer of an encoder.

        tokenizer: a tokenizers.Tokenizer. pad: the padding id. where: named in errors.
        Raises InputError if it does not know French, or lost its vocabulary.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        try:
            golden = tokenizer.encode(_PROBE).ids
            inner = tokenizer.encode(_PROBE, add_special_tokens=False).ids
            pieces = tokenizer.encode(_PROBE, add_special_tokens=False).tokens
        except Exception as error:  # the library raises bare Exception
            raise InputError(
                f"{where}: its tokenizer can't read French ({error}). Give a folder with the "
                "right tokenizer.json."
            ) from error
        known = sum(len(each) for each in pieces if "unk" not in each.lower())
        # A tokenizer that lost its vocabulary reads letters or bytes, or knows nothing.
        if len(set(inner)) < 10 or len(inner) > len(_PROBE) * 0.9 or known < len(_PROBE) * 0.7:
            raise InputError(
                f"{where}: its tokenizer does not know French ({len(inner)} pieces for "
                f"{len(_PROBE)} characters). Give a folder with the right tokenizer.json."
            )
        start = next(n for n in range(len(golden)) if golden[n : n + len(inner)] == inner)
        before, after = golden[:start], golden[start + len(inner) :]
        return cls(tokenizer, tuple(before), tuple(after), pad, tuple(golden))

    @classmethod
    def load(cls, path: Path, pad: int, golden: Sequence[int]) -> Self:
        """The tokenizer of a run.

        path: tokenizer.json. golden: the ids at training.
        Raises InputError if it is not there or reads otherwise now.
        """
        try:
            from tokenizers import Tokenizer
        except ModuleNotFoundError as error:
            raise missing_extra("camembert", "Using an encoder") from error

        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise InputError(f"{path}: not a tokenizer ({error})") from error
        found = cls.of(tokenizer, pad, str(path))
        if list(found.golden) != list(golden):
            raise InputError(f"{path}: the tokenizer no longer reads French as at training")
        return found

    def windows(self, texts: Sequence[str], plan: Windows) -> list[list[list[int]]]:
        """The token ids of each window of each text; at least one a text."""
        prefix = self.ids([plan.prefix])[0] if plan.prefix else []
        start, end = [*self.before, *prefix], list(self.after)
        room = plan.size - len(start) - len(end)
        if room - plan.overlap < 4:
            raise InputError(f"a window of {plan.size} pieces leaves no room for text")
        return [
            [[*start, *chunk, *end] for chunk in _chunks(pieces, room, plan)]
            for pieces in self.ids(texts)
        ]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special ones."""
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [each.ids for each in encoded]


def _chunks(pieces: list[int], room: int, plan: Windows) -> list[list[int]]:
    """The pieces of each window; a short last one, the article's end, is left out."""
    step = room - plan.overlap
    chunks = [pieces[n : n + room] for n in range(0, max(len(pieces) - plan.overlap, 1), step)]
    if len(chunks) > 1 and len(chunks[-1]) - plan.overlap < step / _SHORTEST:
        chunks.pop()
    if plan.keep == "head":
        return chunks[:1]
    return [chunks[0], chunks[-1]] if plan.keep == "head-tail" and len(chunks) > 1 else chunks


def pooled(outputs: Float32Array, windows: Sequence[Sequence[object]]) -> Float32Array:
    """The numbers of each text from those of its windows; the first counts most (1/√position).

    outputs: (windows of all texts, width). windows: those of each text. Returns (texts, width).
    """
    found, first = np.zeros((len(windows), outputs.shape[1]), np.float32), 0
    for n, several in enumerate(windows):
        weights = 1 / np.sqrt(np.arange(1, len(several) + 1))
        found[n] = weights @ outputs[first : first + len(several)] / weights.sum()
        first += len(several)
    return found
