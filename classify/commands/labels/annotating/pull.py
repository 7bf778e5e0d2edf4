"""`classify labels pull`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.commands.labels.summary import print_labels
from classify.options import workspace_option
from classify.terminal import escape, quantity, say
from seeds.base.locks import locked
from seeds.base.settings import workspace_path

if TYPE_CHECKING:
    from labels.studio.export import Edit
    from labels.taxonomy import Taxonomy

_REASONS_SHOWN = 20  # lines of a pull; a removed category is one reason
_TASKS_SHOWN = 5  # ids in a line: enough to look at some


@click.command()
@workspace_option
def pull(workspace: Path | None) -> None:
    """Fetch the annotations and settle them by majority.

    Agreed labels go to dataset.jsonl. Articles on which the annotators are evenly split go to
    adjudicate.jsonl: `classify labels adjudicate` asks one more person about them, and the next
    pull takes that person's answers as settling.
    """
    from classify.workspace.labels import pull_annotations
    from classify.workspace.sending.push import arrange_tabs

    folder = workspace_path(workspace)
    with locked(folder, "classify labels pull"):
        fetched = pull_annotations(folder)
        asked = fetched.ask_third()
        target = fetched.studio, fetched.settings, fetched.project
        arrange_tabs(folder, *target, missing="leave")
    export, answers = fetched.export, fetched.answers
    _print_set_aside(export.rejected)
    _print_set_aside(answers.rejected, where=" of the project for disputes")
    unknown = _print_uncounted(export.aside, fetched.labels.taxonomy)
    _print_foreign(export.foreign)
    _print_edits([edit for edit in export.edits if edit.editor_id != fetched.studio.user])
    if answers.annotations or answers.undecided:
        say(
            f"adjudicated: {quantity(len(answers.annotations), 'article')}, "
            f"{len(answers.undecided):,} skipped or unsure"
        )
    if asked:
        say(f"third opinion: {_name_tasks(asked)} offered to one more annotator")
    print_labels(folder, fetched.labels, export.counted, fetched.links)
    if export.rejected or answers.rejected or unknown:
        click.get_current_context().exit(1)


def _print_set_aside(rejected: Mapping[str, Sequence[int]], *, where: str = "") -> None:
    """Print the annotations a pull could not use, a line a reason."""
    reasons = sorted(rejected.items(), key=lambda pair: -len(pair[1]))
    for reason, tasks in reasons[:_REASONS_SHOWN]:
        named = f"{_name_tasks(tasks)}{where}"
        say(f"set aside: {quantity(len(tasks), 'annotation')} ({named}): {reason}")
    if rest := reasons[_REASONS_SHOWN:]:
        say(f"set aside: … and {sum(len(tasks) for _, tasks in rest):,} more, for other reasons")


def _print_uncounted(aside: Mapping[str, Sequence[int]], taxonomy: "Taxonomy") -> bool:
    """Print which categories do not count; return whether one was never retired."""
    unknown = {name: tasks for name, tasks in aside.items() if name not in taxonomy.retired}
    if retired := sorted(aside.keys() - unknown.keys()):
        votes = ", ".join(f"{name} ({quantity(len(aside[name]), 'vote')})" for name in retired)
        say(f"kept aside: {votes}, retired; the other categories of these annotations count")
    for name, tasks in list(unknown.items())[:_REASONS_SHOWN]:
        say(
            f"category not counted: {quantity(len(tasks), 'annotation')} ({_name_tasks(tasks)}): "
            f"{taxonomy.describe_unknown(name[:100])} Their other categories count. Put it back "
            "into taxonomy.toml, then retire it with `classify labels migrate retire`."
        )
    return bool(unknown)


def _print_foreign(tasks: Sequence[int]) -> None:
    """Print which annotated tasks are not of this workspace, which takes nothing from them."""
    if tasks:
        was, them = ("was", "it") if len(tasks) == 1 else ("were", "them")
        say(
            f"left out: {_name_tasks(tasks)} {was} not sent by `classify labels push`, so that no "
            f"article is known for {them}. To use such a text, add it with `classify seeds add`, "
            "push, and annotate it there; else delete the task in Label Studio."
        )


def _print_edits(edits: Sequence["Edit"]) -> None:
    """Print which annotations were changed by colleagues; they count as their authors'."""
    for (author, editor), same in _group(edits).items():
        say(
            f"changed by another: {escape(editor)} changed the answer of {escape(author)} "
            f"({_name_tasks(same)}); it counts as {escape(author)}'s. To answer oneself, press + "
            "or one's own tab first."
        )


def _group(edits: Iterable["Edit"]) -> dict[tuple[str, str], list[int]]:
    """Return the tasks of edits by author and editor."""
    tasks: dict[tuple[str, str], list[int]] = {}
    for edit in edits:
        tasks.setdefault((edit.author, edit.editor), []).append(edit.task)
    return tasks


def _name_tasks(tasks: Sequence[int]) -> str:
    """Return the ids of tasks, each once: "task 7", "tasks 7, 9"."""
    ids = list(dict.fromkeys(tasks))  # two annotators of a task are two annotations
    shown = ", ".join(map(str, ids[:_TASKS_SHOWN])) + (", …" if len(ids) > _TASKS_SHOWN else "")
    return f"{'task' if len(ids) == 1 else 'tasks'} {shown}"
