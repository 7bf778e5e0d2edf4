"""Which words counted, for people: lists of them, and on a terminal the article with them coloured.

Colours are not needed to read it: what spoke for a category is italic or bold, what spoke against
it is underlined, and the strongest of both stand in reverse. Blue and orange are told apart by
colour-blind readers, and these shades of them can be read on a light and on a dark ground.
"""

import io
from typing import Any

from classify.terminal import Screen, escape
from training.explain import levels, strongest

_MOST = 6  # words of a list
_LONGEST = 48  # characters of one; a clause has more
_WIDEST = 100  # columns that are read with ease
_STYLES = {
    1: "italic #0087ff",
    2: "bold #0087ff",
    3: "bold reverse #0087ff",
    -1: "underline #d75f00",
    -2: "bold underline #d75f00",
    -3: "bold underline reverse #d75f00",
}


def listed(explanation: dict[str, Any], name: str) -> list[str]:
    """The words that spoke most for and against a category: no line, one or two."""
    found = strongest(explanation["parts"], explanation["contributions"][name], _MOST)
    lines = []
    for said, words in zip(("for", "against"), found, strict=True):
        line = f"      {said:<7}  "
        for n, (word, value) in enumerate(words):
            more = f"{', ' if n else ''}{short(word)} {signed(value)}"
            if n and len(line) + len(more) > _WIDEST:
                break
            line += more
        lines += [line] if words else []
    return lines


def short(part: str) -> str:
    """A word as it is; a clause in quotation marks, on one line, without its middle if it is long.

    Nothing in it steers a terminal.
    """
    words = part.split()
    line = escape(" ".join(words))
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST * 2 // 3].rstrip()} … {line[-_LONGEST // 4 :].lstrip()}"
    return f"«{line}»" if len(words) > 1 else line


def signed(value: float) -> str:
    """A contribution with its sign and two decimals: "+0.31", "−0.04"."""
    return f"{value:+.2f}".replace("-", "−")


def coloured(record: dict[str, Any], names: dict[str, str], screen: Screen) -> list[str]:
    """The article once for each category that holds, else for the first, as lines for a terminal.

    names: each category's for people, by id.
    """
    explanation = record["explanation"]
    shown = record["categories"] or list(record["probabilities"])[:1]
    lines: list[str] = []
    for name in shown:
        lines += ["", *_painted(explanation, name, names[name], screen)]
    return lines


def _painted(explanation: dict[str, Any], name: str, title: str, screen: Screen) -> list[str]:
    """The article with its words coloured for one category, under a line that says how."""
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
        width=min(screen.width, _WIDEST),
        highlight=False,
    )
    console.print(head)
    console.print(body)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
