"""The projects of a workspace in Label Studio, and the page that each has under a taxonomy."""

from pathlib import Path
from typing import TYPE_CHECKING

from classify.workspace.deciding.side_project import DISPUTES, REVIEW, find_side_project
from classify.workspace.history.followups import list_followups
from classify.workspace.project import find_own_project
from labels.migration.stored import Interface
from labels.studio.interface import list_additions, render_interface
from labels.studio.page.guide import render_guide
from labels.taxonomy import Taxonomy
from seeds.base.errors import InputError

if TYPE_CHECKING:
    from labels.studio.client import Studio
    from labels.studio.connection import StudioSettings
    from labels.studio.project import Project

# In the page of the project for disputes, and of that for labels in doubt, where it shows more.
_VOTES, _DOUBT = 'value="$votes"', 'value="$doubt"'


def list_own_projects(
    workspace: Path, studio: "Studio", settings: "StudioSettings"
) -> "list[Project]":
    """Return the projects whose annotations are this workspace's, its main one first.

    Raises:
        InputError: see classify.workspace.project.find_own_project.
    """
    own = find_own_project(workspace, studio, settings)
    if own is None:
        return []
    sides = (
        find_side_project(workspace, studio, side, own, settings.title)
        for side in (DISPUTES, REVIEW)
    )
    return [own, *filter(None, sides), *list_followups(workspace, studio)]


def render(taxonomy: Taxonomy, settings: "StudioSettings", old: Interface) -> Interface:
    """Return the page and the guide of a taxonomy, as a push sends them.

    old: what the project has; one that shows votes, or labels in doubt, goes on doing so.
    """
    from labels.studio.adjudication.tasks import show_votes
    from labels.studio.review.tasks import show_doubt

    language, keyboard = settings.language, settings.keyboard
    page = render_interface(taxonomy, language=language, keyboard=keyboard)
    if _VOTES in old.label_config:
        page = show_votes(page)
    if _DOUBT in old.label_config:
        page = show_doubt(page, language)
    return Interface(page, render_guide(taxonomy, language=language, keyboard=keyboard))


def refuse_additions(project: "Project", ours: Interface, theirs: Interface) -> None:
    """Refuse an interface with controls or choices that the taxonomy lacks.

    Raises:
        InputError: somebody changed it by hand.
    """
    if extra := list_additions(ours.label_config, theirs.label_config or "<View/>"):
        raise InputError(
            f"{project.url}: the labelling interface was changed by hand and has what the taxonomy "
            f"lacks: {'; '.join(extra)}. Add it to taxonomy.toml, or remove it in Label Studio "
            "(Settings, Labeling Interface)."
        )
