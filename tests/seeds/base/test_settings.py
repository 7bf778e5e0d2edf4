"""Strict settings: every fault of a file at once, nothing guessed."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from labels.studio.connection import StudioSettings
from seeds.base.errors import InputError
from seeds.base.settings import (
    default_config,
    parse,
    read_override,
    read_settings,
    read_table,
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
        "'on' must be true or false, found 1",
        "'numbers[2]' must be a whole number, found True",
        "'numbers[3]' must be a whole number, found '2'",
        "'parts[1].size' must be a whole number, found '2'",
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
        read_table(path)
    assert "\n" not in str(caught.value)


def test_json_is_read_where_the_name_says_so(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text('{"seed": 7, "model": {"buckets": 2}}', encoding="utf-8")
    assert read_table(path) == {"seed": 7, "model": {"buckets": 2}}
    path.write_text("seed = 7", encoding="utf-8")
    with pytest.raises(InputError, match=r"recipe\.json: not JSON"):
        read_table(path)


def test_a_file_that_is_missing_a_folder_or_in_another_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml: No such file"):
        read_table(tmp_path / "none.toml")
    with pytest.raises(InputError, match="Is a directory"):
        read_table(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes("a = 'é'".encode("cp1252"))
    with pytest.raises(InputError, match=r"latin\.toml: not UTF-8 \(byte 5\)"):
        read_table(path)


@dataclass(frozen=True, slots=True)
class Checked:
    title: str
    overlap: int
    parts: tuple[Inner, ...] = ()

    def __post_init__(self) -> None:
        if faults := self.faults_in({"overlap": self.overlap}):
            raise InputError("; ".join(faults))

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        return ["overlap is 0"] if values.get("overlap") == 0 else []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"overlap": 0}, "'title' is missing; overlap is 0"),
        ({"title": 1, "overlap": 0}, "'title' must be a text in quotes, found 1; overlap is 0"),
        ({"title": "t", "overlap": 0}, "overlap is 0"),
        ({"title": "t", "overlap": "0"}, "'overlap' must be a whole number, found '0'"),
        ({"overlap": 0, "x": 1}, "unknown key 'x' (known: title, overlap, parts); 'title' is"),
        ({"overlap": 0, "parts": [{"size": -1}]}, "found -1; overlap is 0"),
    ],
)
def test_a_value_out_of_range_is_named_beside_keys_that_are_missing_or_wrong(
    data: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse(data, Checked, "x.toml")
    assert expected in str(caught.value)
    assert str(caught.value).count("overlap is 0") == (data["overlap"] == 0)


def test_a_workspaces_file_may_set_one_key_and_its_faults_are_named(tmp_path: Path) -> None:
    shipped = tomllib.loads(default_config("labelstudio.toml").read_text(encoding="utf-8"))
    assert asdict(read_override(tmp_path, "labelstudio.toml", StudioSettings)) == shipped
    own = tmp_path / "labelstudio.toml"
    own.write_text("overlap = 3\n")
    found = asdict(read_override(tmp_path, "labelstudio.toml", StudioSettings))
    assert found == {**shipped, "overlap": 3}
    own.write_text('overlap = 0\ntitle = "ab"\nretries = "5"\noverlapp = 3\n')
    with pytest.raises(InputError) as caught:
        read_override(tmp_path, "labelstudio.toml", StudioSettings)
    for part in (
        f"{own}: ",
        "overlap must be at least 1, found 0",
        "title must have 3 to 50 characters, found 2",
        "'retries' must be a whole number, found '5'",
        "unknown key 'overlapp'",
    ):
        assert part in str(caught.value), part
    assert "missing" not in str(caught.value)


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


def test_values_of_any_size_and_depth_make_a_short_message() -> None:
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    wrong: dict[str, object] = {"ratio": "x" * 100_000, "mode": deep, "numbers": [None] * 10_000}
    assert len(faults(wrong | {f"extra{n}": n for n in range(10_000)})) < 3000


@dataclass(frozen=True, slots=True)
class Optional:
    name: str | None = None


def test_null_is_a_value_only_where_it_may_be_one() -> None:
    assert parse({"name": None}, Optional, "x.json") == Optional(None)
    assert parse({"name": "a"}, Optional, "x.json") == Optional("a")
    with pytest.raises(InputError, match="'size' must be a whole number"):
        parse({"size": None}, Inner, "x.json")
