"""The sections of the desk report on labels: agreement, disputes, doubts, what choosing saves."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from classify.workspace.desk import charts
from classify.workspace.desk.facts import Desk, Question
from classify.workspace.desk.parts import missing, section, table
from classify.workspace.desk.words import Words, person
from labels.annotations import Annotation
from training.report.html import Child, Html, tag

if TYPE_CHECKING:
    from labels.agreement.alpha import Alpha
    from labels.agreement.figures import AgreementFigures, CategoryAgreement

_CONFUSIONS, _PAIRS, _DISPUTES, _NOTES = 10, 15, 20, 50  # lines of each list; the commands list all
_LONGEST = 90  # characters of a title in a table


def agreement(desk: Desk, words: Words) -> Html:
    """Show alpha over label sets, for each category and for each two annotators."""
    if desk.team is None:
        return section(words, "agreement", missing(words, "no-agreement"))
    figures = desk.team.figures
    notes = [
        tag(
            "p",
            words.say("uniform", who=person(who, desk.names), names=_names(chosen, desk, words)),
            class_="note",
        )
        for who, chosen in figures.uniform.items()
    ]
    if not figures.sets.articles:
        reason = "one-annotator" if len(figures.answers) == 1 else "no-overlap"
        return section(words, "agreement", missing(words, reason), notes)
    if figures.left_out:
        names = _names(figures.left_out, desk, words)
        notes.append(tag("p", words.say("left-out", names=names), class_="note"))
    return section(
        words,
        "agreement",
        tag("p", words.say("alpha-note"), class_="note"),
        _set_cards(figures, words),
        notes,
        _category_table(desk, figures.categories, words),
        _pair_table(desk, figures, words),
    )


def _set_cards(figures: "AgreementFigures", words: Words) -> Html:
    """Show the two figures over whole label sets, large."""
    sets = figures.sets
    masi = _alpha_text(sets.masi, words)
    interval = tag("p", _interval(sets.masi, words), class_="range")
    articles = words.count(sets.articles, "article")
    first = tag(
        "div",
        tag("h3", words["sets"]),
        tag("p", masi, class_="big" if sets.masi.value is not None else "range"),
        interval if sets.masi.value is not None else None,
        tag("p", words.say("sets-note", n=articles)),
        class_="card",
    )
    second = tag(
        "div",
        tag("h3", words["same"]),
        tag("p", words.share(sets.exact or 0), class_="big"),
        tag("p", words["same-note"]),
        class_="card",
    )
    return tag("div", first, second, class_="cards two")


def _category_table(desk: Desk, rows: "Sequence[CategoryAgreement]", words: Words) -> list[Html]:
    """Tabulate the categories, the least agreed first; name those without a figure below."""
    ranked = [row for row in rows if row.alpha.value is not None]
    ranked.sort(key=lambda row: row.alpha.value or 0.0)
    cells = [_category_row(desk, row, words) for row in ranked]
    heading = [words["category"], words["alpha"], words["interval"], "0 … 1"]
    heading += [words["alike"], words["chosen"], words["differ"]]
    numeric = frozenset((1, 4, 5, 6))
    parts = [table(heading, cells, words["agreement"], numeric)] if cells else []
    undefined: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.alpha.value is None:
            undefined[row.alpha.undefined].append(row.category)
    for reason, names in undefined.items():
        values = {"why": words.reason(reason), "names": _names(names, desk, words)}
        parts.append(tag("p", words.say("undefined-categories", **values), class_="note below"))
    return parts


def _category_row(desk: Desk, row: "CategoryAgreement", words: Words) -> list[Child]:
    name, value = words.name(desk.taxonomy[row.category]), row.alpha.value or 0.0
    told = f"{name}: {_alpha_text(row.alpha, words)} {_interval(row.alpha, words)}"
    return [
        name,
        _alpha_text(row.alpha, words),
        _interval(row.alpha, words),
        charts.alpha(row.alpha.low, value, row.alpha.high, told),
        words.share(row.raw or 0),
        words.share(row.prevalence or 0),
        words["of"].format(n=words.number(len(row.disagreed)), all=words.number(row.articles)),
    ]


def _pair_table(desk: Desk, figures: "AgreementFigures", words: Words) -> Html | None:
    """Tabulate each two annotators, those who share most first; None if there are only two."""
    if len(figures.pairs) < 2:
        return None
    pairs = sorted(figures.pairs, key=lambda pair: -pair.sets.articles)[:_PAIRS]
    rows: list[list[Child]] = [
        [
            [person(pair.first, desk.names), ", ", person(pair.second, desk.names)],
            _alpha_text(pair.sets.masi, words),
            _interval(pair.sets.masi, words),
            words.share(pair.sets.exact or 0),
            words.number(pair.sets.articles),
        ]
        for pair in pairs
    ]
    names = ("pair", "masi", "interval", "alike", "articles")
    heading = [words[name] for name in names]
    content = table(heading, rows, words["pairs"], numeric=frozenset((1, 3, 4)))
    more = _more(len(figures.pairs) - _PAIRS, "classify labels agreement --format csv", words)
    return tag("div", tag("h3", words["pairs"]), content, more, class_="block")


def confusions(desk: Desk, words: Words) -> Html:
    """List the categories that are taken for each other, with an article of each."""
    team = desk.team
    if team is None or not team.figures.sets.articles:
        one = team is not None and len(team.figures.answers) == 1
        reason = "no-agreement" if team is None else "one-annotator" if one else "no-overlap"
        return section(words, "confusions", missing(words, reason))
    found = team.figures.confusions
    if not found:
        return section(words, "confusions", tag("p", words["no-confusions"], class_="nothing"))
    rows = [
        [
            _names((entry.first, entry.second), desk, words, " / "),
            words.number(len(entry.articles)),
            tag("span", _shortened(team.titles.get(entry.articles[0], "")), lang="fr"),
        ]
        for entry in found[:_CONFUSIONS]
    ]
    heading = [words["category"], words["articles"], words["example"]]
    return section(
        words,
        "confusions",
        tag("p", words["confusions-note"], class_="note"),
        table(heading, rows, words["confusions"], numeric=frozenset((1,)), css="wrapping"),
        _more(len(found) - _CONFUSIONS, "classify labels agreement --format json", words),
    )


def disputes(desk: Desk, words: Words) -> Html:
    """List the disputed articles with the votes and comments."""
    if not desk.questions:
        return section(words, "disputes", missing(words, "no-disputes"))
    return section(
        words,
        "disputes",
        tag("p", words.say("disputes-note"), class_="note"),
        tag(
            "div",
            *(_question_card(question, desk, words) for question in desk.questions[:_DISPUTES]),
            class_="mistakes",
        ),
        _more(len(desk.questions) - _DISPUTES, "classify labels status --format json", words),
    )


def _question_card(question: Question, desk: Desk, words: Words) -> Html:
    """Make a card of a dispute: what it is about, and who said what."""
    asked = (
        tag("span", f"{words.name(desk.taxonomy[name])}\u00a0?", class_="chip wrong")
        for name in question.disputed
    )
    votes: list[Html] = []
    for vote in question.votes:
        said = _answer(vote, question.disputed, desk, words)
        comment = tag("q", vote.comment, lang="fr") if vote.comment else None
        votes += [tag("dt", person(vote.annotator, desk.names)), tag("dd", said, comment)]
    return tag(
        "article",
        tag("h3", question.title, lang="fr"),
        tag("p", question.document_id, class_="kicker"),
        tag("p", *asked),
        tag("dl", *votes),
        class_="mistake",
    )


def _answer(vote: Annotation, disputed: Sequence[str], desk: Desk, words: Words) -> list[Child]:
    """Write an answer, what is disputed of it in bold."""
    parts: list[Child] = [words["answer-unsure"]] if vote.unsure else []
    for category in vote.categories:
        name = words.name(desk.taxonomy[category])
        parts += [", " if parts else "", tag("b", name) if category in disputed else name]
    return parts or [words["none"]]


def notes(desk: Desk, words: Words) -> Html:
    """List the articles that somebody skipped, was unsure of or commented."""
    left = [(note["answer"], note) for note in desk.progress["skipped"]]
    told = {(note["id"], note["annotator"]) for _, note in left}
    left += [
        ("commented", note)
        for note in desk.progress["commented"]
        if (note["id"], note["annotator"]) not in told
    ]
    if not left:
        return section(words, "notes", missing(words, "no-notes"))
    rows: list[list[Child]] = [
        [
            [tag("span", _shortened(note["title"]), lang="fr"), tag("small", note["id"])],
            tag("span", words[f"answer-{answer}"], class_="chip"),
            person(note["annotator"], desk.names),
            tag("q", note["comment"], lang="fr") if note["comment"] else "",
        ]
        for answer, note in left[:_NOTES]
    ]
    heading = [words["article"], words["answer"], words["annotator"], words["comment"]]
    return section(
        words,
        "notes",
        table(heading, rows, words["notes"], css="wrapping"),
        _more(len(left) - _NOTES, "classify labels status --format json", words),
    )


def suspects(desk: Desk, words: Words) -> Html:
    """List the labels that a model contradicts, the worst first."""
    doubts = desk.doubts
    if doubts is None:
        reason = "unchecked" if desk.is_trained else "no-model"
        return section(words, "suspects", missing(words, reason))
    if not doubts.records:
        return section(words, "suspects", missing(words, "no-suspects"))
    groups = (list(pairs) for _, pairs in itertools.groupby(doubts.records, itemgetter("rank")))
    rows = [_suspect_row(pairs, desk, words) for pairs in groups]
    note = words.say("suspects-note", n=words.count(doubts.articles, "article"))
    heading = [words["article"], words["label"], words["annotator"]]
    return section(
        words,
        "suspects",
        tag("p", note, class_="note"),
        table(heading, rows, words["suspects"], css="wrapping"),
        _more(doubts.articles - len(rows), "classify labels suspects", words),
    )


def _suspect_row(pairs: Sequence[Mapping[str, Any]], desk: Desk, words: Words) -> list[Child]:
    first = pairs[0]
    people = dict.fromkeys(name for pair in pairs for name in pair["annotators"])
    test = tag("span", words["test"], class_="chip") if first["part"] == "test" else None
    return [
        [tag("span", _shortened(first["title"]), lang="fr"), tag("small", first["article"], test)],
        tag("ul", *(tag("li", _doubt(pair, desk, words)) for pair in pairs), class_="plain"),
        [[", " if n else "", person(name, desk.names)] for n, name in enumerate(people)],
    ]


def _doubt(pair: Mapping[str, Any], desk: Desk, words: Words) -> list[Child]:
    """Say how a category is labelled, and who says otherwise."""
    name = tag("b", words.name(desk.taxonomy[pair["category"]]))
    state = words.say("labelled" if pair["labelled"] else "not-labelled", name=name)
    if pair["reason"] == "duplicates":
        return [state, "; " if words.code == "en" else "\u00a0; ", words["duplicate"]]
    if pair["probability"] is None:
        return [state, ", ", words["no-opinion"]]
    return [state, ", ", words.say("model-says", share=words.share(pair["probability"]))]


def saving(desk: Desk, words: Words) -> Html:
    """Show what choosing the articles saved, and how sure that is."""
    figures = desk.saving
    if not desk.chosen:
        return section(words, "saving", missing(words, "no-chosen"))
    if figures is None:
        n = words.count(desk.chosen, "article")
        return section(words, "saving", tag("p", words.say("no-saving", n=n), class_="nothing"))
    values = {
        "n": words.count(figures.labels, "article"),
        "random": words.about(figures.random),
        "low": words.about(figures.low),
        "high": words.about(figures.high),
    }
    key = "not-saved" if figures.low <= figures.labels else "saved"
    label = words[key].format(**values)
    interval = (figures.low, figures.random, figures.high)
    bars = (
        (words["with-choice"], words.number(figures.labels)),
        (words["by-chance"], words.about(figures.random)),
    )
    return section(
        words,
        "saving",
        tag("p", words.say(key, **values), class_="standfirst"),
        charts.saving(figures.labels, interval, bars, label),
        tag("p", words.say("saving-note", n=words.count(figures.arm, "article")), class_="note"),
    )


def _names(categories: Sequence[str], desk: Desk, words: Words, between: str = ", ") -> str:
    """Return the names of categories; "no category" for none."""
    names = (words.name(desk.taxonomy[name]) for name in categories)
    return between.join(names) or words["no-category"]


def _alpha_text(figure: "Alpha", words: Words) -> str:
    if figure.value is None:
        return words["undefined"].format(why=words.reason(figure.undefined))
    return words.number(figure.value, 2)


def _interval(figure: "Alpha", words: Words) -> str:
    if figure.low is None or figure.high is None:
        return words["too-rare"] if figure.value is not None else ""
    between = ", " if words.code == "en" else "\u00a0; "
    return f"[{words.number(figure.low, 2)}{between}{words.number(figure.high, 2)}]"


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…"


def _more(rest: int, command: str, words: Words) -> Html | None:
    """Say how many are left out, and which command lists them all."""
    if rest <= 0:
        return None
    code = tag("code", command, lang="en")
    return tag("p", words.say("more", n=words.number(rest), command=code), class_="note")
