"""What the sections of report.html share: their headings, figures and wide content."""

from labels.taxonomy import Category
from training.report.html import Child, Html, tag

TITLES = {  # by anchor, in the page's order
    "figures": "How good it is",
    "next": "What to do next",
    "categories": "Category by category",
    "mixed-up": "What it mixes up",
    "certainty": "How sure it is, and how often right",
    "trade-off": "Finding more, or being right more often",
    "learning": "Would more labels help?",
    "mistakes": "The worst mistakes",
    "data": "The training set",
    "making": "How it decides, what it cost",
}


def section(name: str, *parts: Child) -> Html:
    """Make a section with its heading; name: a key of TITLES, its anchor."""
    return tag("section", tag("h2", TITLES[name]), *parts, id=name)


def contents() -> Html:
    """Link to the sections."""
    links = (tag("a", title, href=f"#{name}") for name, title in TITLES.items())
    return tag("nav", links, aria_label="Contents")


def french(category: Category) -> Html:
    """Write a category's French name."""
    return tag("span", category.fr, lang="fr")


def figure(chart: Html, title: str, note: str, css: str | None = None) -> Html:
    """Put a chart below its title and a note on how to read it."""
    return tag("figure", tag("figcaption", tag("b", title), tag("p", note)), chart, class_=css)


def small_figure(name: Html, chart: Html, *, value: str | None = None, note: str = "") -> Html:
    """Make one of many small charts, with a name, and a value beside it or a note below."""
    side = tag("span", value, class_="value") if value else None
    caption = tag("figcaption", tag("b", name), side)
    return tag("figure", caption, chart, tag("p", note, class_="muted") if note else None)


def scrolling(content: Html, label: str) -> Html:
    """Let wide content scroll by itself on a narrow screen, fading where there is more."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)
