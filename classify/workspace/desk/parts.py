"""What the sections of the desk report are made of: headings, tables, what is missing."""

from collections.abc import Iterable, Sequence

from classify.workspace.desk.words import Words
from training.report.html import Child, Html, tag
from training.report.layout import scrolling

SECTIONS = (  # keys of the words, in the page's order
    *("progress", "time", "agreement", "confusions", "disputes", "notes", "suspects", "saving"),
)


def section(words: Words, name: str, *parts: Child) -> Html:
    """Make a section with its heading; name: one of SECTIONS."""
    return tag("section", tag("h2", words[name]), *parts, id=f"{words.code}-{name}")


def contents(words: Words) -> Html:
    """Link to the sections."""
    links = (tag("a", words[name], href=f"#{words.code}-{name}") for name in SECTIONS)
    return tag("nav", links, aria_label=words["contents"])


def missing(words: Words, key: str) -> Html:
    """Say that there is nothing to show, and which command would change that."""
    return tag("p", words.say(key), class_="nothing")


def table(
    heading: Sequence[str],
    rows: Iterable[Sequence[Child]],
    label: str,
    numeric: frozenset[int] = frozenset(),
    css: str | None = None,
) -> Html:
    """Make a table whose first column names its rows; numeric: columns that align to the right."""

    def kind(column: int) -> str | None:
        """Return the class of a column."""
        return "count" if column in numeric else None

    head = (tag("th", name, scope="col", class_=kind(n)) for n, name in enumerate(heading))
    body = (
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=kind(n)) for n, cell in enumerate(row[1:], 1)),
        )
        for row in rows
    )
    content = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body), class_=css)
    return scrolling(content, label)
