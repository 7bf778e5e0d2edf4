"""Markup: no text gets in as markup."""

import html
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from training.report.html import Html, join, number, tag, visible


class Browser(HTMLParser):
    """The elements and the text that a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_no_text_becomes_an_element_or_ends_an_attribute(content: str, value: str) -> None:
    seen = Browser(tag("p", content, title=value, class_="a"))
    assert [name for name, _ in seen.elements] == ["p"]
    assert set(seen.elements[0][1]) == {"title", "class"}
    assert seen.elements[0][1]["title"] == visible(value)
    assert seen.text == visible(content)


def test_children_are_elements_texts_and_nested_lists_of_them() -> None:
    ul = tag("ul", [tag("li", "a & b"), None, [tag("li", tag("br"))]], data_rows=2.5, hidden=None)
    assert ul == '<ul data-rows="2.5"><li>a &amp; b</li><li><br></li></ul>'
    assert join("<", Html("<b>")) == "&lt;<b>"


def test_control_characters_and_marks_that_reverse_text_are_shown() -> None:
    assert visible("a\x00b\x1b[31m\x7f\u202ec\ud800") == "a␀b␛[31m␡⟨U+202E⟩c⟨U+D800⟩"


def test_french_text_stays_as_it_is() -> None:
    text = "« L’été » : 10\u202f000\u00a0€, œuvre\u00ad\n\tfin"
    assert visible(text) == text
    assert html.unescape(tag("p", text)) == f"<p>{text}</p>"


def test_numbers_are_short_and_never_minus_zero() -> None:
    assert [number(value) for value in (1.0, 2.505, -0.001, 10, 0.1 + 0.2)] == [
        "1",
        "2.5",
        "0",
        "10",
        "0.3",
    ]
