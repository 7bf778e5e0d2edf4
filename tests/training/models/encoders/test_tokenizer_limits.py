"""A tokenizer from a stranger can neither make a text grow without bound nor search for ever."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from seeds.base.errors import InputError
from training.models.encoders.tokenizer_limits import may_explode, read_backend
from training.models.encoders.tokens import Tokenizer


def change(tiny_base: Path, folder: Path, **changed: Any) -> Path:
    """Write the tiny tokenizer with other parts, and return its path."""
    record = json.loads((tiny_base / "tokenizer.json").read_text())
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({**record, **changed}))
    return path


def replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def sequence(*normalizers: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", "normalizers": list(normalizers)}


def charsmap(longest: int) -> dict[str, Any]:
    blob = (4).to_bytes(4, "little") + bytes(4) + b"a\0" + b"b" * longest + b"\0"
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(blob).decode()}


BOMB = [replace({"String": "a"}, "a" * 10) for _ in range(20)]


@pytest.mark.parametrize(
    "normalizer",
    [
        sequence(*BOMB),
        sequence(sequence(*BOMB[:10]), sequence(*BOMB[10:])),
        replace({"String": "e"}, "e" * 1_000_000),
        replace({"String": ""}, "x" * 100),
        replace({"Regex": "x*"}, "y" * 100),
        {"type": "Prepend", "prepend": "x" * 1_000_000},
        sequence(*({"type": "Prepend", "prepend": "xxx"} for _ in range(20))),
        sequence(*({"type": "NFC"} for _ in range(100))),
        charsmap(1_000_000),
        replace({"Regex": "(a|aa)+$"}, "b"),
    ],
)
def test_a_bomb_is_refused_before_it_reads_a_text(
    tiny_base: Path, tmp_path: Path, normalizer: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=r"tokenizer.json: the tokenizer asks for"):
        read_backend(change(tiny_base, tmp_path, normalizer=normalizer))


@pytest.mark.parametrize(
    "normalizer",
    [
        None,
        {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
        | {"strip_accents": None, "lowercase": False},
        sequence({"type": "NFC"}, replace({"Regex": " {2,}"}, "▁")),
        sequence({"type": "Prepend", "prepend": "▁"}, replace({"String": " "}, "▁")),
        sequence(replace({"String": "``"}, '"'), {"type": "NFKD"}, {"type": "StripAccents"}),
        sequence(replace({"String": "\n"}, " "), replace({"Regex": "\\s+"}, " ")),
    ],
)
def test_normalisers_in_use_are_read(
    tiny_base: Path, tmp_path: Path, normalizer: dict[str, Any] | None
) -> None:
    read_backend(change(tiny_base, tmp_path, normalizer=normalizer))


GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@pytest.mark.parametrize(
    "pattern", [GPT2, LLAMA3, O200K, " {2,}", r"\s+", r"\w+|[^\w\s]+", "a", ""]
)
def test_patterns_in_use_are_allowed(pattern: str) -> None:
    assert not may_explode(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a*)*b",
        "(?:a|aa)+$",
        "((a+))+$",
        "(a?){50}a{50}",
        "(?>(a+)b)+c",
        r"(a)\1+",
        r"(?<x>a+)\k<x>",
        ".*.*.*.*.*.*x",
        "(a",
        "a" * 5000,
    ],
)
def test_patterns_that_may_explode_are_not(pattern: str) -> None:
    assert may_explode(pattern)


def test_a_dangerous_split_is_refused_in_a_pre_tokenizer(tiny_base: Path, tmp_path: Path) -> None:
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated"}
    split["invert"] = False
    with pytest.raises(InputError, match="a pattern that could search for ever"):
        read_backend(change(tiny_base, tmp_path, pre_tokenizer=split))


@pytest.mark.parametrize(
    "content", ["", "[]", '{"model": 5}', "[" * 100_000, '{"normalizer": ' * 5000]
)
def test_what_is_no_tokenizer_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"tokenizer.json: not a tokenizer"):
        read_backend(path)


def test_a_panic_of_the_library_is_one_line(tiny_base: Path, tmp_path: Path) -> None:
    """Its character map points outside itself."""
    blob = (8).to_bytes(4, "little") + b"\xff" * 8 + b"a\0"
    broken = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(blob).decode()}
    path = change(tiny_base, tmp_path, normalizer=broken)
    with pytest.raises(InputError, match=r"tokenizer.json"):
        Tokenizer.load(path, 1, [])


def test_a_message_does_not_quote_a_whole_file(tiny_base: Path, tmp_path: Path) -> None:
    path = change(tiny_base, tmp_path, padding="x" * 100_000)
    with pytest.raises(InputError, match="not a tokenizer") as caught:
        read_backend(path)
    assert len(str(caught.value)) < 1000
