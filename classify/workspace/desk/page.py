"""The desk report as one HTML file that loads nothing, in French and English."""

from pathlib import Path

from classify.workspace.desk import progress_facts, quality
from classify.workspace.desk.english import ENGLISH
from classify.workspace.desk.facts import Desk
from classify.workspace.desk.french import FRENCH
from classify.workspace.desk.parts import contents
from classify.workspace.desk.words import Words
from training.report.html import Html, tag
from training.report.layout import document

_LANGUAGES = ((FRENCH, "Français"), (ENGLISH, "English"))


def desk_page(desk: Desk) -> str:
    """Return the page: all of it in each language, of which one is shown."""
    style, script = (
        Path(__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("desk.css", "desk.js")
    )
    titles = {words.code: words["title"] for words, _ in _LANGUAGES}
    return document(
        titles[desk.language],
        _switch(desk.language),
        *(_content(desk, words) for words, _ in _LANGUAGES),
        language=desk.language,
        style=style,
        script=script,
    )


def _switch(language: str) -> Html:
    """Make the buttons that choose the language."""
    buttons = (
        tag(
            "button",
            name,
            type="button",
            lang=words.code,
            aria_pressed="true" if words.code == language else "false",
        )
        for words, name in _LANGUAGES
    )
    label = " / ".join(words["language"] for words, _ in _LANGUAGES)
    return tag("div", *buttons, class_="languages", role="group", aria_label=label)


def _content(desk: Desk, words: Words) -> Html:
    """Make all of the page in one language."""
    time = f"{words.day(desk.made.date())}, {desk.made:%H:%M} UTC"
    return tag(
        "div",
        tag(
            "header",
            tag("p", desk.title, " · ", words.say("made", time=time), class_="kicker"),
            tag("h1", words["title"]),
            progress_facts.summary(desk, words),
            contents(words),
        ),
        progress_facts.progress(desk, words),
        progress_facts.time(desk, words),
        quality.agreement(desk, words),
        quality.confusions(desk, words),
        quality.disputes(desk, words),
        quality.notes(desk, words),
        quality.suspects(desk, words),
        quality.saving(desk, words),
        class_="language",
        lang=words.code,
        data_title=words["title"],
        hidden=None if words.code == desk.language else "",
    )
