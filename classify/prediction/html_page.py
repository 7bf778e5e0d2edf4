"""`--format html`: one page of labelled articles that needs no script and loads nothing."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classify.prediction.explanations import with_sign
from classify.terminal import percent
from labels.taxonomy import Category
from training.explain import levels, strongest
from training.report.html import Child, Html, join, tag
from training.runs.run import Run

_MAX_WORDS = 8  # of a list
_TITLE = "Articles and their categories"
_DECISIONS = {
    "accepted": "Accepted: the model is sure enough to do without review.",
    "needs review": "Needs review: a person should check it.",
    "none": "None: the model is sure that no category applies.",
}
_METHODS = {
    "exact": "The stronger the mark, the more the word adds to the category's score (log-odds), or "
    "takes from it. The score is the sum over all words, plus a constant.",
    "occlusion": "The stronger the mark, the more the category's score (log-odds) falls, or rises, "
    "when that passage is left out.",
}
NO_ARTICLE = tag("p", "No article could be read.", class_="note").encode()


def head_and_tail(run: Run) -> tuple[bytes, bytes]:
    """Return the page before its first article, and after its last."""
    style = Path(__file__).with_name("html_page.css").read_text(encoding="utf-8")
    style += "".join(map(_rules, range(len(run.rule.categories))))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'none'"
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", _TITLE),
        tag("style", Html(style)),
    )
    start = f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{_header(run)}\n'
    return start.encode(), b"\n</main></body></html>\n"


def article_writer(run: Run) -> Callable[[dict[str, Any]], bytes]:
    """Return a function that turns a record into an article of the page."""
    categories = {category.id: category for category in run.taxonomy.categories}
    thresholds = dict(zip(run.rule.categories, run.rule.thresholds, strict=True))
    if run.rule.choice == "single":
        thresholds = {}

    def write(record: dict[str, Any]) -> bytes:
        """Write an article as a form of its own, so that its choice of category is its own too."""
        explanation = record["explanation"]
        names = sorted(record["probabilities"], key=lambda name: -record["probabilities"][name])
        choices = [
            _choice(n, categories[name], record, thresholds.get(name))
            for n, name in enumerate(names)
        ]
        css = record["decision"].replace(" ", "-")
        return tag(
            "article",
            tag("h2", _headline(explanation["parts"]), lang="fr"),
            tag("p", record["source"] or record["id"], class_="source"),
            tag(
                "form",
                tag("p", _DECISIONS[record["decision"]], class_=f"decision {css}"),
                _fieldset(choices),
                [_word_lists(n, explanation, name) for n, name in enumerate(names)],
                tag("div", _marked_text(explanation, names), class_="text", lang="fr"),
                tag("p", _METHODS[explanation["method"]], class_="note") if names else None,
                autocomplete="off",
            ),
        ).encode("utf-8", "replace")

    return write


def _header(run: Run) -> Html:
    multiple = run.rule.choice == "multiple"
    return tag(
        "header",
        tag("p", f"classify · {run.facts.kind} · {run.name}", class_="kicker"),
        tag("h1", _TITLE),
        tag(
            "p",
            "Choose a category to see which words speak ",
            tag("mark", "for", class_="for"),
            " it and which speak ",
            tag("mark", "against", class_="against"),
            " it.",
            " The tick on a bar is the category's threshold." if multiple else None,
            class_="standfirst",
        ),
    )


def _headline(parts: list[str]) -> str:
    """Return the first line of an article, cut short if it is too long for a title."""
    line = "".join(parts[:400]).partition("\n")[0]
    return line if len(line) <= 220 else f"{line[:160].rsplit(' ', 1)[0]} …"


def _fieldset(choices: list[Html]) -> Html:
    if not choices:
        return tag("p", "No category comes near.", class_="note")
    return tag("fieldset", tag("legend", "Categories"), choices)


def _choice(n: int, category: Category, record: dict[str, Any], threshold: float | None) -> Html:
    """Render the n-th category with its bar, for the reader to choose."""
    p = record["probabilities"][category.id]
    predicted = category.id in record["categories"]
    field = Html(f'<input type="radio" name="category" value="{n}"{" checked" if n == 0 else ""}>')
    english = tag("small", category.en) if category.en != category.fr else ""
    return tag(
        "label",
        field,
        tag("span", tag("b", category.fr, lang="fr"), " ", english, class_="name"),
        tag("span", "✓ predicted" if predicted else "", class_="verdict"),
        _bar(p, threshold),
        tag("span", percent(p), class_="percent"),
        class_="choice predicted" if predicted else "choice",
    )


def _bar(p: float, threshold: float | None) -> Html:
    """Render a probability as a bar, with a tick at the category's threshold."""
    tick = None
    if threshold is not None and 0 < threshold < 1:
        x = 100 * threshold
        tick = tag("line", x1=x, x2=x, y1=0, y2=10, class_="threshold")
    return Html(
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        + tag("rect", width=100, height=6, y=2, class_="track")
        + tag("rect", width=max(100 * p, 0.5), height=6, y=2, class_="bar")
        + (tick or "")
        + "</svg>"
    )


def _word_lists(n: int, explanation: dict[str, Any], name: str) -> Html:
    """Render the strongest words for and against a category, shown while it is chosen."""
    sides = strongest(explanation["parts"], explanation["contributions"][name], _MAX_WORDS)
    rows: list[Child] = []
    for title, css, words in zip(("For", "Against"), ("for", "against"), sides, strict=True):
        entries = [
            tag(
                "li",
                tag("mark", " ".join(word.split()), class_=css, lang="fr"),
                " ",
                with_sign(value),
            )
            for word, value in words
        ]
        nothing = tag("li", "nothing that counts", class_="nothing")
        rows += [tag("dt", title), tag("dd", tag("ul", entries or nothing))]
    return tag("dl", *rows, class_=f"words s{n}")


def _marked_text(explanation: dict[str, Any], names: list[str]) -> list[Child]:
    """Mark the parts of the text that count for a category, with classes for which and how much."""
    marks = [levels(explanation["contributions"][name]) for name in names]
    text: list[Child] = []
    for part, *strengths in zip(explanation["parts"], *marks, strict=True):
        css = " ".join(
            f"c{n}{'p' if level > 0 else 'n'}{abs(level)}"
            for n, level in enumerate(strengths)
            if level
        )
        text.append(tag("mark", part, class_=css) if css and part.strip() else part)
    return text


def _rules(n: int) -> str:
    """Write the style of an article's marks and words while its n-th category is chosen."""
    chosen = f'form:has(input[value="{n}"]:checked) '
    rules = [f"{chosen}.s{n}{{display:grid}}"]
    for level in (1, 2, 3):
        rules.append(f"{chosen}.c{n}p{level}{{--ground:var(--for{level});--line:var(--blue)}}")
        against = f"--ground:var(--against{level});--line:var(--red);--style:dashed"
        rules.append(f"{chosen}.c{n}n{level}{{{against}}}")
    return "\n".join(rules) + "\n"
