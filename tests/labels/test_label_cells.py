"""Cells of a label column, as the programs that people use write them."""

import contextlib
import datetime as dt
import time
from typing import Any

import pytest

from labels.label_cells import parse_labels
from seeds.base.errors import InputError
from seeds.reading.tables.cells import Cell, Unreadable


def names(value: Any, separator: str = ";", *known: str) -> tuple[str, ...]:
    return parse_labels(Cell("label", value), separator, lambda name: name in known)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("trade", ("trade",)),
        (" trade ; diplomacy;", ("trade", "diplomacy")),
        ("trade;trade", ("trade",)),
        (["trade", "diplomacy"], ("trade", "diplomacy")),
        (["a; b"], ("a; b",)),
        (["trade", None, float("nan")], ("trade",)),
        ([], ()),
        (b"Sant\xc3\xa9", ("Santé",)),
        ([b"Sant\xc3\xa9"], ("Santé",)),
        (3, ("3",)),
        (3.0, ("3",)),
        ([1, 2], ("1", "2")),
        # pandas and Python: str() of a list, a tuple, a set
        ("['trade', 'diplomacy']", ("trade", "diplomacy")),
        ("['trade']", ("trade",)),
        ("('trade', 'diplomacy')", ("trade", "diplomacy")),
        ("('trade',)", ("trade",)),
        ("{'trade'}", ("trade",)),
        ("[\"l'Europe\", 'trade']", ("l'Europe", "trade")),
        (r"['l\'Europe \"une\"']", ('l\'Europe "une"',)),
        (r"['Biblioth\xe8que\xa0et mus\u00e9e']", ("Bibliothèque\xa0et musée",)),
        ("['trade', None]", ("trade",)),
        ("[nan]", ()),
        ("[1, 2]", ("1", "2")),
        # NumPy, which puts no commas and breaks lines
        ("['trade' 'diplomacy']", ("trade", "diplomacy")),
        ("['trade'\n 'diplomacy']", ("trade", "diplomacy")),
        ("array(['trade', 'diplomacy'], dtype=object)", ("trade", "diplomacy")),
        ("[np.str_('trade'), np.str_('diplomacy')]", ("trade", "diplomacy")),
        # JSON
        ('["trade","diplomacy"]', ("trade", "diplomacy")),
        (r'["Sant\u00e9", "l\"Europe\""]', ("Santé", 'l"Europe"')),
        ('["trade", null]', ("trade",)),
        ('"trade"', ("trade",)),
        # Label Studio's CSV and JSON_MIN
        ('{"choices": ["trade", "diplomacy"]}', ("trade", "diplomacy")),
        ('{"choices":["trade"]}', ("trade",)),
        ("{'choices': ['trade', 'diplomacy']}", ("trade", "diplomacy")),
        ({"choices": ["trade", "diplomacy"]}, ("trade", "diplomacy")),
        ({"choices": "trade"}, ("trade",)),
        ([{"choices": ["trade"]}, {"choices": ["diplomacy"]}], ("trade", "diplomacy")),
        ('[{"choices": ["trade"]}]', ("trade",)),
        # as content systems export names
        ("Arts &amp; culture; Sant&eacute;", ("Arts & culture", "Santé")),
        # UTF-8 that was read as cp1252
        ("SantÃ©; MÃ©decine", ("Santé", "Médecine")),
    ],
)
def test_names_are_found_however_a_program_wrote_them(
    value: Any, expected: tuple[str, ...]
) -> None:
    assert names(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("", "  ", "\u200b\ufeff", "[]", "[ ]", "{}", "()", "set()"),
        *([], [None], {}, {"choices": []}, b""),
    ],
)
def test_what_programs_write_for_nothing_is_no_category(value: Any) -> None:
    assert names(value) == ()


@pytest.mark.parametrize(
    "value",
    [
        *("None", "null", "NULL", "nan", " NaN ", "NaT", "<NA>", "NA", "N/A", "#N/A", "#REF!"),
        *("#VALEUR!", "=CONCATENATE(A1)", None, float("nan")),
    ],
)
def test_a_label_that_is_missing_does_not_say_that_no_category_applies(value: Any) -> None:
    with pytest.raises(InputError, match=r"^no label: column 'label' holds .* write \[\], if no"):
        names(value)


def test_an_object_may_name_a_category() -> None:
    assert names([{"name": "Santé", "id": 3}, {"label": "Cinéma"}]) == ("Santé", "Cinéma")


def test_a_category_may_be_called_like_nothing_or_with_the_separator_in_its_name() -> None:
    assert names("None", ";", "None") == ("None",)
    assert names("Arts, culture", ",", "Arts, culture") == ("Arts, culture",)
    assert names("Arts, sport", ",", "Arts, culture") == ("Arts", "sport")
    assert names("[Sport]", ";", "[Sport]") == ("[Sport]",)


def test_without_a_separator_a_cell_is_one_name() -> None:
    assert names("a; b", "") == ("a; b",)
    assert names("['a', 'b']", "") == ("a", "b")


def test_a_name_in_parentheses_or_quotes_is_a_name() -> None:
    assert names("Sport (football)") == ("Sport (football)",)
    assert names("(divers)") == ("(divers)",)
    assert names('"Sport" et loisirs') == ('"Sport" et loisirs',)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"nom": "trade"}, "an object"),
        ({"choices": {"a": 1}}, "an object"),
        ([["trade"]], "a list"),
        ([{"trade": 0.9}], "a list"),
        (True, "true or false"),
        (0.5, "a number"),
        (dt.date(2024, 1, 2), "a date"),
        (b"Sant\xe9", "bytes that are not UTF-8"),
        (Unreadable("a string that is not UTF-8"), "a string that is not UTF-8"),
        ("[trade, diplomacy]", "'[trade, diplomacy]'"),
        ("['trade' ... 'diplomacy']", "'['"),
        ('{"trade": 0.9}', "'{"),
        ("mot " * 100, "a long text"),
    ],
)
def test_what_holds_no_names_is_refused_with_its_column_and_what_to_do(
    value: Any, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        names(value)
    message = str(caught.value)
    assert message.startswith("column 'label' holds ")
    assert said.strip("'") in message.replace('"', "'")
    assert "not names of categories. Write them with ';' between them" in message


@pytest.mark.parametrize(
    "piece", ["[", "{", "('", "['a',", "\\", '["', "a']", "[[", "{'choices':", "]", "array(", "&#"]
)
def test_a_hostile_cell_takes_no_time(piece: str) -> None:
    for text in (piece * 50_000, "[" + piece * 50_000 + "]", "['" + piece * 50_000):
        start = time.process_time()
        with contextlib.suppress(InputError):
            names(text)
        assert time.process_time() - start < 1
