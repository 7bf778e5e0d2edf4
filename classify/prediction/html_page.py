"""`--format html`: one page of labelled articles that needs no script and loads nothing."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from classify.prediction.explanations import signed
from classify.prediction.formats import percent
from labels.taxonomy import Category
from training.explain import levels, strongest
from training.report.html import Child, Html, join, tag
from training.runs.run import Run

_MOST = 8  # words of a list
_DECISIONS = {
    "accepted": "Accepted: sure enough to go without a look.",
    "needs review": "Needs review: a person should look.",
    "none": "None: surely no category applies.",
}
_METHODS = {
    "exact": "Each mark shows what a word adds to the category's log-odds; with where they start, "
    "all words sum to the score.",
    "occlusion": "Each mark shows what the category's log-odds lose when that passage is left out.",
}
NOTHING = tag("p", "No article could be read.", class_="note").encode()


def ends(run: Run) -> tuple[bytes, bytes]:
    """What stands before the first article, and after the last."""
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
        tag("title", "Articles and their categories"),
        tag("style", Html(style)),
    )
    start = f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{_header(run)}\n'
    return start.encode(), b"\n</main></body></html>\n"


def article(run: Run) -> Callable[[dict[str, Any]], bytes]:
    """What makes a record an article of the page."""
    categories = {each.id: each for each in run.taxonomy.categories}
    thresholds = dict(zip(run.rule.categories, run.rule.thresholds, strict=True))
    if run.rule.choice == "single":
        thresholds = {}

    def block(record: dict[str, Any]) -> bytes:
        """A form of its own, so that its choice of category is its own as well."""
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
                [_said(n, explanation, name) for n, name in enumerate(names)],
                tag("div", _marked(explanation, names), class_="text", lang="fr"),
                tag("p", _METHODS[explanation["method"]], class_="note") if names else None,
                autocomplete="off",
            ),
        ).encode("utf-8", "replace")

    return block


def _header(run: Run) -> Html:
    for_, against = tag("mark", "for", class_="for"), tag("mark", "against", class_="against")
    return tag(
        "header",
        tag("p", f"classify · {run.facts.kind} · {run.name}", class_="kicker"),
        tag("h1", "Articles and their categories"),
        tag(
            "p",
            "Choose a category to see which words spoke ",
            for_,
            " it, and which ",
            against,
            ". The line on a bar is where the category starts to hold.",
            class_="standfirst",
        ),
    )


def _headline(parts: list[str]) -> str:
    """The first line of an article, cut short if it is none of a title's length."""
    line = "".join(parts[:400]).partition("\n")[0]
    return line if len(line) <= 220 else f"{line[:160].rsplit(' ', 1)[0]} …"


def _fieldset(choices: list[Html]) -> Html:
    if not choices:
        return tag("p", "No category comes near.", class_="note")
    return tag("fieldset", tag("legend", "Categories"), choices)


def _choice(n: int, category: Category, record: dict[str, Any], threshold: float | None) -> Html:
    """A category with its bar, to be chosen."""
    p = record["probabilities"][category.id]
    held = category.id in record["categories"]
    field = Html(f'<input type="radio" name="category" value="{n}"{" checked" if n == 0 else ""}>')
    name = tag("b", category.fr, lang="fr")
    english = tag("small", category.en) if category.en != category.fr else ""
    return tag(
        "label",
        field,
        tag("span", name, " ", english, class_="name"),
        tag("span", "✓ holds" if held else "", class_="held"),
        _bar(p, threshold),
        tag("span", percent(p), class_="percent"),
        class_="choice held" if held else "choice",
    )


def _bar(p: float, threshold: float | None) -> Html:
    """A probability as a bar, with a line where the category starts to hold."""
    line = None
    if threshold is not None and 0 < threshold < 1:
        x = 100 * threshold
        line = tag("line", x1=x, x2=x, y1=0, y2=10, class_="threshold")
    return Html(
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        + tag("rect", width=100, height=6, y=2, class_="track")
        + tag("rect", width=max(100 * p, 0.5), height=6, y=2, class_="bar")
        + (line or "")
        + "</svg>"
    )


def _said(n: int, explanation: dict[str, Any], name: str) -> Html:
    """The strongest words for and against a category, shown while it is chosen."""
    found = strongest(explanation["parts"], explanation["contributions"][name], _MOST)
    rows: list[Child] = []
    for title, css, words in zip(("For", "Against"), ("for", "against"), found, strict=True):
        listed = [
            tag(
                "li", tag("mark", " ".join(word.split()), class_=css, lang="fr"), " ", signed(value)
            )
            for word, value in words
        ]
        nothing = tag("li", "nothing that counts", class_="nothing")
        rows += [tag("dt", title), tag("dd", tag("ul", listed or nothing))]
    return tag("dl", *rows, class_=f"said s{n}")


def _marked(explanation: dict[str, Any], names: list[str]) -> list[Child]:
    """The text; what counted for some category is a mark that says for which, and how much."""
    marks = [levels(explanation["contributions"][name]) for name in names]
    found: list[Child] = []
    for part, *strengths in zip(explanation["parts"], *marks, strict=True):
        css = " ".join(
            f"c{n}{'p' if level > 0 else 'n'}{abs(level)}"
            for n, level in enumerate(strengths)
            if level
        )
        found.append(tag("mark", part, class_=css) if css and part.strip() else part)
    return found


def _rules(n: int) -> str:
    """The style of what counted for the n-th category of an article while that one is chosen."""
    chosen = f'form:has(input[value="{n}"]:checked) '
    rules = [f"{chosen}.s{n}{{display:grid}}"]
    for level in (1, 2, 3):
        rules.append(f"{chosen}.c{n}p{level}{{--ground:var(--for{level});--line:var(--blue)}}")
        against = f"--ground:var(--against{level});--line:var(--red);--style:dashed"
        rules.append(f"{chosen}.c{n}n{level}{{{against}}}")
    return "\n".join(rules) + "\n"
