"""docs/reliability.md: every row names tests, and each of them is there."""

import ast
import functools
import re

import pytest

from tests.support.command import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!\|| ---|page |kind |when )", line)]


@functools.cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests in a file, which need not be imported for that."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def test_the_page_names_many_tests() -> None:
    assert len(NAMED) > 150


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_the_tests_that_the_page_names_are_there(path: str) -> None:
    assert {name for file, name in NAMED if file == path} <= names_in(path)


def test_every_row_names_a_test() -> None:
    without = [row for row in ROWS if not row.startswith("| ---") and "::test_" not in row]
    assert without == []


def test_the_rows_of_what_must_be_survived_are_complete() -> None:
    section = PAGE.partition("## What goes wrong\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE)
    assert [int(number) for cell in cells for number in cell.split(",")] == list(range(1, 41))
    section = PAGE.partition("## What goes wrong without")[2].partition("\n## ")[0]
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)] == [*range(1, 12)]
