"""Strict settings: every fault of a file at once, nothing guessed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from seeds.errors import InputError
from seeds.settings import (
    default_config,
    parse,
    read_settings,
    read_toml,
    workspace_config,
    workspace_path,
)


@dataclass(frozen=True, slots=True)
class Inner:
    size: int
    name: str = "x"

    def __post_init__(self) -> None:
        if self.size < 0:
            raise InputError(f"size must be 0 or more, found {self.size}")


@dataclass(frozen=True, slots=True)
class Outer:
    ratio: float
    mode: Literal["a", "b"] = "a"
    parts: tuple[Inner, ...] = ()
    on: bool = False
    numbers: tuple[int, ...] = (1, 2)


def faults(data: dict[str, object]) -> str:
    with pytest.raises(InputError) as caught:
        parse(data, Outer, "x.toml")
    return str(caught.value)


def test_a_whole_file_is_read_with_its_types(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'ratio = 1\nmode = "b"\non = true\nnumbers = [3]\n[[parts]]\nsize = 2\n',
        encoding="utf-8-sig",  # an editor's byte-order mark is no fault
    )
    found = read_settings(path, Outer)
    assert found == Outer(1.0, "b", (Inner(2),), on=True, numbers=(3,))
    assert isinstance(found.ratio, float)


def test_every_fault_is_named_at_once_with_its_place() -> None:
    said = faults(
        {
            "mode": "c",
            "on": 1,
            "numbers": [1, True, "2"],
            "parts": [{"size": "2"}, {"size": -1}, {"name": "y"}, {"size": 1, "sise": 1}],
            "extra": {},
        }
    )
    assert said.startswith("x.toml: ")
    for part in (
        "'ratio' is missing",
        "'mode' must be 'a' or 'b', found 'c'",
        "'on' must be a bool, found 1",
        "'numbers[2]' must be a int, found True",
        "'numbers[3]' must be a int, found '2'",
        "'parts[1].size' must be a int, found '2'",
        "parts[2]: size must be 0 or more, found -1",
        "'parts[3].size' is missing",
        "unknown key 'parts[4].sise' (known: size, name)",
        "unknown key 'extra' (known: ratio, mode, parts, on, numbers)",
    ):
        assert part in said, part


@pytest.mark.parametrize("value", [True, "1.0", None, [1.0], 10**400])
def test_a_number_is_neither_true_nor_text_nor_too_large(value: object) -> None:
    assert "'ratio' must be" in faults({"ratio": value})


@pytest.mark.parametrize("value", ["ab", {"size": 1}, 3])
def test_a_list_is_not_a_text_nor_a_table(value: object) -> None:
    assert "'parts' must be a list" in faults({"ratio": 1.0, "parts": value})


@pytest.mark.parametrize(
    "content",
    [
        b"a = ",
        b"a = 1\na = 2\n",
        b"[t]\n[t]\n",
        b"a = " + b"9" * 5000,  # Python refuses to read so long a number
        b"a = " + b"[" * 100_000,
        b"\x00",
    ],
)
def test_what_is_not_toml_is_one_line_naming_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.toml: not valid TOML") as caught:
        read_toml(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_a_folder_or_in_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: No such file"):
        read_toml(tmp_path / "none.toml")
    with pytest.raises(InputError, match="Is a directory"):
        read_toml(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes("a = 'é'".encode("cp1252"))
    with pytest.raises(InputError, match=r"latin\.toml: not UTF-8 \(byte 5\)"):
        read_toml(path)


def test_the_workspaces_own_file_comes_before_the_shipped_one(tmp_path: Path) -> None:
    assert workspace_config(tmp_path, "tfidf.toml") == default_config("tfidf.toml")
    (tmp_path / "tfidf.toml").write_text("seed = 3")
    assert workspace_config(tmp_path, "tfidf.toml") == tmp_path / "tfidf.toml"
    with pytest.raises(InputError, match=r"configs/none\.toml is missing"):
        default_config("none.toml")


def test_the_workspace_is_the_option_else_the_variable_else_a_folder_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLASSIFY_WORKSPACE", "/elsewhere")
    assert workspace_path(Path("given")) == Path("given")
    assert workspace_path(None) == Path("/elsewhere")
    monkeypatch.setenv("CLASSIFY_WORKSPACE", "")
    assert workspace_path(None) == Path("workspace")
