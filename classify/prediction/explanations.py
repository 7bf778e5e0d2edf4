"""Explanations for people: lists of words, and on a terminal the article with its words coloured.

They can be read without colours: words that speak for a category are italic or bold, words that
speak against it are underlined, and the strongest of both are in reverse video. Colour-blind
readers can tell blue from orange; these shades are legible on light and on dark backgrounds.
"""

import io
from typing import Any

from classify.terminal import Screen, escape
from training.explain import levels, strongest

_MAX_WORDS = 6  # of a list
_MAX_LENGTH = 48  # characters of a word; a clause has more
_MAX_WIDTH = 100  # columns that are easy to read
_STYLES = {
    1: "italic #0087ff",
    2: "bold #0087ff",
    3: "bold reverse #0087ff",
    -1: "underline #d75f00",
    -2: "bold underline #d75f00",
    -3: "bold underline reverse #d75f00",
}


def list_words(explanation: dict[str, Any], name: str) -> list[str]:
    """List the words that speak most for and against a category: no line, one or two."""
    sides = strongest(explanation["parts"], explanation["contributions"][name], _MAX_WORDS)
    lines = []
    for side, words in zip(("for", "against"), sides, strict=True):
        line = f"      {side:<7}  "
        for n, (word, value) in enumerate(words):
            entry = f"{', ' if n else ''}{shorten(word)} {with_sign(value)}"
            if n and len(line) + len(entry) > _MAX_WIDTH:
                break
            line += entry
        lines += [line] if words else []
    return lines


def shorten(part: str) -> str:
    """Shorten a part for a list: a clause is quoted, on one line, without its middle if long.

    Control characters are escaped, so that no article steers a terminal.
    """
    words = part.split()
    line = escape(" ".join(words))
    if len(line) > _MAX_LENGTH:
        line = f"{line[: _MAX_LENGTH * 2 // 3].rstrip()} … {line[-_MAX_LENGTH // 4 :].lstrip()}"
    return f"«{line}»" if len(words) > 1 else line


def with_sign(value: float) -> str:
    """Write a contribution with its sign and two decimals: "+0.31", "−0.04"."""
    return f"{value:+.2f}".replace("-", "−")


def colour_article(record: dict[str, Any], names: dict[str, str], screen: Screen) -> list[str]:
    """Colour the article for each predicted category, or else for the most probable one.

    names: what people call each category, by id. Returns lines for a terminal.
    """
    explanation = record["explanation"]
    shown = record["categories"] or list(record["probabilities"])[:1]
    lines: list[str] = []
    for name in shown:
        lines += ["", *_colour(explanation, name, names[name], screen)]
    return lines


def _colour(explanation: dict[str, Any], name: str, title: str, screen: Screen) -> list[str]:
    """Colour the article's words for one category, below a line that explains the colours."""
    from rich.console import Console
    from rich.text import Text

    head = Text("── ").append(title, "bold").append("  ")
    head.append("for", _STYLES[2]).append("  ").append("against", _STYLES[-2])
    body = Text()
    marks = levels(explanation["contributions"][name])
    for part, level in zip(explanation["parts"], marks, strict=True):
        lines = "\n".join(escape(line) for line in part.split("\n"))
        body.append(lines, _STYLES.get(level, "") if part.strip() else "")
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system=screen.colours,  # type: ignore[arg-type]
        no_color=screen.plain,
        width=min(screen.width, _MAX_WIDTH),
        highlight=False,
    )
    console.print(head)
    console.print(body)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
