"""What a tokenizer.json may ask for: texts that stay short, and patterns that find an end.

The tokenizers library ends the process when it runs out of memory, which nothing can catch. So what
it has read from a file is looked at before the first text.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seeds.base.errors import InputError

_LARGEST = 100_000_000  # bytes of a tokenizer.json; the largest in use have some 35 million
_NORMALIZERS = frozenset(
    {
        *("BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt"),
        *("Precompiled", "Prepend", "Replace", "Strip", "StripAccents"),
    }
)
_PRE_TOKENIZERS = frozenset(
    {
        *("BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "FixedLength"),
        *("Metaspace", "Punctuation", "Split", "UnicodeScripts", "Whitespace", "WhitespaceSplit"),
    }
)
_STEPS = 32  # normalisers, or parts of a pre-tokenizer
_GROWTH = 16  # bytes that all replacements together may make of one; " " -> "▁" makes 3
_LONGEST_WORD = 1000  # characters that WordPiece reads as one word; usual are 100
_LONGEST_CHARACTER = 128  # bytes that a character map may give for one; NFKC needs 33
_LONGEST_PATTERN = 1000  # characters of a regular expression
_REPEATS = 4  # parts of one alternative that may repeat without end
_REPEATS = 4  # repeats in a row in one alternative of it
_BACKWARDS = re.compile(r"\\[1-9]|\\[kg]|\(\?[R0-9&(]|\(\?P[>=]")  # repeats what was found before
# In a pattern, what stands for one character: an escape or a class.
_ATOM = re.compile(r"\\[pPxu]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?:[:=!>]|<[=!]|[imsx-]*:))?([^()]*+)\)([*+?{]?)")


def check_tokenizer(backend: Any, origin: str) -> None:
    """Check the parts of a tokenizer that work on texts of any length.

    Args:
        backend: a tokenizers.Tokenizer; it has read no text yet.
        origin: where it is from, for errors.

    Raises:
        InputError: a part is of an unknown kind, or could take memory or time without bound.
    """
    normalizers = list(_parts(backend.normalizer, "normalizers"))
    splitters = list(_parts(backend.pre_tokenizer, "pretokenizers"))
    fault = (
        _describe_unknown(normalizers, _NORMALIZERS)
        or _describe_unknown(splitters, _PRE_TOKENIZERS)
        or _describe_growth(normalizers)
    )
    patterns = [part["pattern"]["Regex"] for part in normalizers + splitters if _has_regex(part)]
    if not fault and any(may_explode(pattern) for pattern in patterns):
        fault = "a pattern that could search for ever"
    if not fault and getattr(backend.model, "max_input_chars_per_word", 0) > _LONGEST_WORD:
        fault = f"words of more than {_LONGEST_WORD} characters"
    if fault:
        raise InputError(f"{origin}: the tokenizer asks for {fault}. Choose another base model.")


def read_backend(path: Path) -> Any:
    """Read a tokenizer.json; return a tokenizers.Tokenizer.

    Raises:
        InputError: it is too large, no tokenizer, or asks for too much.
    """
    import tokenizers

    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path}: larger than {_LARGEST // 1_000_000} MB")
        backend = tokenizers.Tokenizer.from_file(str(path))
    except BaseException as error:  # the library raises bare Exception, and panics are none
        if isinstance(error, InputError) or not is_library_error(error):
            raise
        raise InputError(f"{path}: not a tokenizer ({shorten(error)})") from error
    check_tokenizer(backend, str(path))
    return backend


def shorten(error: BaseException) -> str:
    """Return the beginning of a message, which may quote all of a stranger's file."""
    return " ".join(str(error)[:500].split())[:200]


def is_library_error(error: BaseException) -> bool:
    """Tell an error of the tokenizers library, panics included, from Ctrl-C and the like."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def _parts(part: Any, list_name: str) -> Iterator[dict[str, Any]]:
    """Yield the steps that a normaliser or a pre-tokenizer consists of, as JSON objects."""
    if part is None:
        return
    records = [json.loads(part.__getstate__())]
    while records:
        record = records.pop()
        if record["type"] == "Sequence":
            records.extend(reversed(record[list_name]))
        else:
            yield record


def _describe_unknown(parts: list[dict[str, Any]], known: frozenset[str]) -> str:
    """Return what is wrong with the kinds of some steps, or ""."""
    unknown = [part["type"] for part in parts if part["type"] not in known]
    if unknown:
        return f"a step of the unknown kind {unknown[0]!r}"
    return f"{len(parts)} steps, of which {_STEPS} are allowed" if len(parts) > _STEPS else ""


def _describe_growth(normalizers: list[dict[str, Any]]) -> str:
    """Return how a text could grow too much, or ""."""
    growth = 1.0
    for part in normalizers:
        if part["type"] == "Replace":
            growth *= _growth(part)
        elif part["type"] == "Prepend":
            growth *= 1 + len(part["prepend"].encode())
        elif part["type"] == "Precompiled" and _longest_mapping(part) > _LONGEST_CHARACTER:
            return f"more than {_LONGEST_CHARACTER} bytes in place of a character"
    if growth > _GROWTH:
        return f"texts {growth:,.0f} times as long, and {_GROWTH} is the most allowed"
    return ""


def _growth(part: dict[str, Any]) -> float:
    """Return how many times as long a replacement may make a text."""
    size = len(part["content"].encode())
    if _has_regex(part):  # it may find nothing at every place
        return size + 1
    return max(1.0, size / max(1, len(part["pattern"]["String"].encode())))


def _longest_mapping(part: dict[str, Any]) -> int:
    """Return the bytes of the longest text in a character map of SentencePiece.

    It begins with the size of an index; texts that end with NUL follow.
    """
    import base64

    charsmap = base64.b64decode(part["precompiled_charsmap"] or "")
    texts = charsmap[4 + int.from_bytes(charsmap[:4], "little") :]
    return max(map(len, texts.split(b"\0")))


def _has_regex(part: dict[str, Any]) -> bool:
    return isinstance(part.get("pattern"), dict) and "Regex" in part["pattern"]


def may_explode(pattern: str) -> bool:
    """Tell whether a regular expression could take more than a small power of a text's length.

    That takes a repeated group with a choice or a repeat in it, a reference back, or many repeats
    in a row. Patterns that are not understood count as dangerous.
    """
    if len(pattern) > _LONGEST_PATTERN or _BACKWARDS.search(pattern):
        return True
    rest = _ATOM.sub("a", pattern)
    while group := _GROUP.search(rest):
        inside, repeat = group[1], group[2]
        branches = re.search(r"[*+?{|]", inside) is not None
        if branches and repeat not in ("", "?"):
            return True
        rest = rest[: group.start()] + ("a+" if branches else "a") + repeat + rest[group.end() :]
    alternatives = (len(re.findall(r"[*+{]", part)) for part in rest.split("|"))
    return "(" in rest or ")" in rest or max(alternatives) > _REPEATS
