"""What report.html is made of: the document itself, headings, figures and wide content."""

import base64
import hashlib
from pathlib import Path

from labels.taxonomy import Category
from training.report.html import Child, Html, join, tag

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


def document(
    title: str, *content: Child, language: str = "en", style: str = "", script: str = ""
) -> str:
    """Make a whole HTML file; its policy lets no script run but our own, and nothing load.

    language: of the document, as in its `lang`. style, script: added to those of all reports.
    """
    here = Path(__file__)
    style = here.with_name("report.css").read_text(encoding="utf-8") + style
    script = here.with_name("report.js").read_text(encoding="utf-8") + script
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    policy += f"script-src 'sha256-{digest}'"
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(style)),
    )
    body = join(tag("main", *content), tag("script", Html(script)))
    root = tag("html", tag("head", head), tag("body", body), lang=language)
    return f"<!doctype html>\n{root}\n"
