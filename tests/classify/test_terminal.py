"""What people see beside the data: escaped text, sizes, percentages."""

import pytest

from classify.terminal import answer, duration, escape, percent, quantity, size_in_bytes
from seeds.base.errors import InputError


def test_escape_leaves_what_prints_and_spells_out_the_rest() -> None:
    assert escape("L’été à 12\xa0€ 中文") == "L’été à 12\xa0€ 中文"
    assert escape("a\x1bb\nc\u2066d\ud800") == "a\\x1bb\\nc\\u2066d\\ud800"
    assert escape("\U000e0001") == "\\U000e0001"
    assert escape(escape("\x07")) == "\\x07"


@pytest.mark.parametrize(
    ("text", "size"),
    [("500", 500), ("20MB", 20_000_000), ("1.5 k", 1_500), ("1,5kB", 1_500), ("2GiB", 2 * 1024**3)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "0", "20 apples"])
def test_text_that_is_not_a_size_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="size"):
        size_in_bytes(text)


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.0, "<0.1%"), (0.0004, "<0.1%"), (0.012, "1.2%"), (0.9986, "99.9%"), (0.9996, ">99.9%")],
)
def test_no_probability_is_shown_as_certain(p: float, shown: str) -> None:
    assert percent(p) == shown


def test_numbers_agree_with_their_noun_and_durations_have_one_or_two_units() -> None:
    assert [quantity(n, "article") for n in (0, 1, 1200)] == [
        "0 articles",
        "1 article",
        "1,200 articles",
    ]
    assert [duration(s) for s in (40, 89, 180, 7500)] == ["40 s", "89 s", "3 min", "2 h 5 min"]


def test_an_answer_can_not_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    answer("cinéma\x1b[31m\n\u202eopéra\r")
    assert capsys.readouterr().out == "cinéma\\x1b[31m\n\\u202eopéra\\r\n"
