"""A frozen Hugging Face encoder: texts -> a vector each, pooled over windows of all the text."""

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from seeds.errors import InputError, missing_extra
from training.model import Floats

_PIECES_AT_ONCE = 8192  # of a batch, padding included; bounds its memory whatever the windows
# A sentence whose pieces are kept with a model: a tokenizer that reads it otherwise is refused.
_PROBE = "L'été dernier, le ministère a signé à Dakar un accord sur 12 coproductions."


@dataclass(frozen=True, slots=True)
class Pooling:
    """How a text becomes a vector.

    Attributes:
        window: pieces of a window, special ones included.
        prefix: put before each window; E5 models want "query: ".
    """

    window: int
    prefix: str

    def __post_init__(self) -> None:
        if not 16 <= self.window <= 8192:
            raise InputError(f"window must be from 16 to 8192 pieces, found {self.window}")


@dataclass(frozen=True)
class Encoder:
    """A model and its tokenizer, for reading only.

    Attributes:
        pooling: how its output becomes a vector.
        fingerprint: 16 hexadecimal digits over weights and tokens; names its vectors in the cache.
        pieces: the token ids of the probe sentence.
        dtype: the weights' own precision; they are computed with in float32.
    """

    pooling: Pooling
    tokenizer: Any = field(repr=False)
    model: Any = field(repr=False)
    fingerprint: str
    pieces: tuple[int, ...]
    dtype: Any

    @classmethod
    def load(cls, base: str, pooling: Pooling) -> Self:
        """An encoder from a folder or the Hugging Face hub; weights as safetensors only.

        Raises:
            InputError: it is not there, has no network, no tokenizer, or only pickled weights.
        """
        torch = _torch()
        tokenizer, model = _load(base)
        pieces = tuple(tokenizer(_PROBE)["input_ids"])
        unknown = tokenizer.unk_token_id
        if len(set(pieces)) < 10 or pieces.count(unknown) > len(pieces) / 4:
            raise InputError(
                f"{base}: its tokenizer does not know French ({len(set(pieces))} different pieces, "
                f"{pieces.count(unknown)} unknown). Give a folder with tokenizer.json."
            )
        digest = hashlib.sha256(json.dumps(pieces).encode())
        for tensor in model.state_dict().values():
            digest.update(tensor.float().numpy().tobytes()[:4096])
        dtype = model.dtype
        model.to(_device(torch), torch.float32).eval()
        return cls(pooling, tokenizer, model, digest.hexdigest()[:16], pieces, dtype)

    def save(self, directory: Path) -> None:
        """Write it as a Hugging Face folder, in the precision it came in."""
        self.model.to(self.dtype).save_pretrained(directory)
        self.model.float()
        self.tokenizer.save_pretrained(directory)

    def embed(self, texts: Sequence[str], cache: "VectorCache | None" = None) -> Floats:
        """A vector of length 1 for each text, float32 (n, d).

        A window's vector is the mean of its pieces; a text's the mean of its windows, the first
        counting most (1/√position): news leads with its topic.
        """
        keys = [self._key(text) for text in texts]
        known = cache.read(keys) if cache else {}
        new = [n for n, key in enumerate(keys) if key not in known]
        vectors = dict(
            zip((keys[n] for n in new), self._pooled([texts[n] for n in new]), strict=True)
        )
        if cache:
            cache.write(vectors)
        rows = [known[key] if key in known else vectors[key] for key in keys]
        return np.array(rows, np.float32).reshape(len(texts), self.model.config.hidden_size)

    def _key(self, text: str) -> str:
        parts = json.dumps([self.fingerprint, self.pooling.window, self.pooling.prefix, text])
        return hashlib.sha256(parts.encode()).hexdigest()

    def _pooled(self, texts: Sequence[str]) -> list[Floats]:
        windows = [self._windows(text) for text in texts]
        flat = self._encoded([each for several in windows for each in several])
        found, first = [], 0
        for several in windows:
            part = flat[first : first + len(several)]
            first += len(several)
            pooled = (part / np.sqrt(np.arange(1, len(part) + 1))[:, None]).sum(axis=0)
            found.append((pooled / max(float(np.linalg.norm(pooled)), 1e-12)).astype(np.float32))
        return found

    def _windows(self, text: str) -> list[list[int]]:
        """The token ids of each window; a short last one, the article's end, is left out."""
        left, right = self._frame
        prefix = self._ids(self.pooling.prefix)
        room = self.pooling.window - len(left) - len(prefix) - len(right)
        pieces = self._ids(text)
        chunks = [pieces[n : n + room] for n in range(0, max(len(pieces), 1), room)]
        if len(chunks) > 1 and len(chunks[-1]) < room / 4:
            chunks.pop()
        return [[*left, *prefix, *chunk, *right] for chunk in chunks]

    @property
    def _frame(self) -> tuple[list[int], list[int]]:
        """The special pieces the tokenizer puts before and after a text."""
        whole, inner = list(self.pieces), self._ids(_PROBE)
        size = len(inner)
        start = next(n for n in range(len(whole)) if whole[n : n + size] == inner)
        return whole[:start], whole[start + size :]

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _encoded(self, windows: list[list[int]]) -> Floats:
        """A vector of length 1 for each window, in their order; batches of like lengths."""
        torch = _torch()
        found = np.zeros((len(windows), self.model.config.hidden_size), np.float32)
        order = sorted(range(len(windows)), key=lambda n: -len(windows[n]))
        for rows in _batches(order, windows):
            longest = len(windows[rows[0]])
            ids = torch.full((len(rows), longest), self.tokenizer.pad_token_id)
            mask = torch.zeros((len(rows), longest), dtype=torch.long)
            for place, n in enumerate(rows):
                ids[place, : len(windows[n])] = torch.tensor(windows[n])
                mask[place, : len(windows[n])] = 1
            device = self.model.device
            with torch.inference_mode():
                hidden = self.model(ids.to(device), attention_mask=mask.to(device))
            mean = (hidden.last_hidden_state.cpu() * mask[..., None]).sum(1) / mask.sum(1)[:, None]
            found[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return found


class VectorCache:
    """Vectors by key in one SQLite file, shared by all trainings of a user."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the cache at path, else at $XDG_CACHE_HOME/classify/vectors.sqlite."""
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        self._path = path or base / "classify" / "vectors.sqlite"

    def read(self, keys: Sequence[str]) -> dict[str, Floats]:
        """The vectors that are there."""
        with self._open() as database:
            found = {}
            for key in keys:
                row = database.execute("SELECT vector FROM vectors WHERE key = ?", [key]).fetchone()
                if row:
                    found[key] = np.frombuffer(row[0], np.float32)
        return found

    def write(self, vectors: dict[str, Floats]) -> None:
        """Add vectors."""
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in vectors.items()]
        with self._open() as database:
            database.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=60)) as database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB)"
                )
                with database:
                    yield database
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{self._path}: {error}. Delete the file; it is only a cache."
            ) from error


def _batches(order: list[int], windows: list[list[int]]) -> Iterator[list[int]]:
    """Runs of windows, longest first, of at most _PIECES_AT_ONCE pieces with padding."""
    first = 0
    while first < len(order):
        size = max(1, _PIECES_AT_ONCE // len(windows[order[first]]))
        yield order[first : first + size]
        first += size


def _load(base: str) -> tuple[Any, Any]:
    _torch()
    import transformers

    logging: Any = transformers.logging
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(base)
        model = transformers.AutoModel.from_pretrained(base, dtype="auto", use_safetensors=True)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"{base}: no encoder could be loaded ({reason}). Without a network, give a folder "
            "with config.json, model.safetensors and tokenizer.json: --base-model FOLDER."
        ) from error
    return tokenizer, model


def _device(torch: Any) -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _torch() -> Any:
    try:
        import torch
        import transformers  # noqa: F401
    except ModuleNotFoundError as error:
        raise missing_extra("camembert", "Using an encoder") from error
    return torch
