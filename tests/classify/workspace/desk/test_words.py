"""Both languages of the desk report say the same; numbers and dates are written as each has it."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from classify.workspace.desk.english import ENGLISH
from classify.workspace.desk.french import FRENCH
from classify.workspace.desk.words import shorten_names
from classify.workspace.progress.advice import Situation, advise
from labels.agreement.alpha import NOBODY_SHARED


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}|`[^`]+`", text))


def test_the_languages_have_the_same_sentences_with_the_same_values_and_commands() -> None:
    assert FRENCH.words.keys() == ENGLISH.words.keys()
    assert FRENCH.steps.keys() == ENGLISH.steps.keys()
    for key in FRENCH.words:
        assert holes(FRENCH[key]) == holes(ENGLISH[key]), key


def test_every_next_step_that_needs_no_server_has_its_reason() -> None:
    done = Situation(9, True, 0, "", 0, 0, 0, 9, True, True)
    for change in ({"articles": 0}, {"disputed": 1}, {"to_do": 1}, {"is_learned": False}, {}):
        command, _ = advise(replace(done, **change))  # type: ignore[arg-type]
        assert command in FRENCH.steps


def test_french_is_typeset_as_french() -> None:
    assert FRENCH["alpha-note"].startswith("Alpha de Krippendorff\u00a0: 1")
    assert not any("'" in text or " :" in text for text in FRENCH.words.values())
    assert NOBODY_SHARED in FRENCH.undefined


@pytest.mark.parametrize(
    ("value", "digits", "french", "english"),
    [
        (1234.5, 1, "1\u202f234,5", "1,234.5"),
        (0.666, 2, "0,67", "0.67"),
        (-0.001, 2, "0,00", "0.00"),
        (-0.25, 2, "-0,25", "-0.25"),
        (12, 0, "12", "12"),
    ],
)
def test_numbers(value: float, digits: int, french: str, english: str) -> None:
    assert FRENCH.number(value, digits) == french
    assert ENGLISH.number(value, digits) == english


def test_dates_shares_and_plurals() -> None:
    day = dt.date(2026, 8, 3)
    assert (FRENCH.day(day), ENGLISH.day(day)) == ("3 août 2026", "3 Aug 2026")
    assert (FRENCH.day(day, "month"), FRENCH.day(day, "year")) == ("août 2026", "2026")
    assert (FRENCH.share(0.256), ENGLISH.share(0.256)) == ("26\u00a0%", "26%")
    assert [FRENCH.count(n, "article") for n in (0, 1, 2)] == [
        *("0\u00a0article", "1\u00a0article", "2\u00a0articles"),
    ]
    assert ENGLISH.count(0, "article") == "0\u00a0articles"


def test_people_are_called_by_their_short_names_unless_two_share_one() -> None:
    names = shorten_names(["lea@a.org", "max@a.org", "max@b.org", "import:labels.csv"])
    assert names == {
        "lea@a.org": "lea",
        "max@a.org": "max@a.org",
        "max@b.org": "max@b.org",
        "import:labels.csv": "import:labels.csv",
    }
