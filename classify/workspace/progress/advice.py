"""What to do next in a workspace: the one command that helps most now. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a workspace.

    Attributes:
        articles: in the workspace.
        has_tasks: articles were sent to Label Studio, or it was not asked.
        unsent: articles without labels that are not in Label Studio; 0 if it was not asked.
        project: the address of the project; "" if there is none, or it was not asked.
        to_do: articles in Label Studio that nobody has answered.
        waiting: articles with some of the answers that are wanted.
        disputed: articles on which the annotators are evenly split.
        agreed: articles whose labels are agreed.
        is_pulled: the last pull has every annotation that Label Studio has.
        is_learned: the current run learned from the labels as they are.
    """

    articles: int
    has_tasks: bool
    unsent: int
    project: str
    to_do: int
    waiting: int
    disputed: int
    agreed: int
    is_pulled: bool
    is_learned: bool


def advise(now: Situation) -> tuple[str, str]:
    """Return the command that helps most now, and why."""
    where = f"{now.project}/data?labeling=1" if now.project else "Label All Tasks"
    steps = (
        (not now.articles, "classify seeds add PATH", "there is no article yet"),
        (
            now.unsent > 0 and not now.has_tasks,
            "classify labels push",
            "Label Studio has no article yet",
        ),
        (not now.is_pulled, "classify labels pull", "Label Studio has answers that are not here"),
        (now.disputed > 0, "classify labels adjudicate", f"{now.disputed:,} disputed"),
        (
            now.to_do + now.waiting > 0,
            f"annotate: {where}",
            f"{now.to_do:,} to do, {now.waiting:,} waiting for more votes",
        ),
        (now.unsent > 0, "classify labels next", f"{now.unsent:,} articles were not sent yet"),
        (
            now.agreed > 0 and not now.is_learned,
            "classify train",
            f"no run has learned from the {now.agreed:,} agreed articles as they are",
        ),
    )
    otherwise = ("classify labels suspects", "all is annotated: some labels may be wrong")
    return next(((command, why) for holds, command, why in steps if holds), otherwise)
