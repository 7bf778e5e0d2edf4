"""Workspaces whose annotation is known by heart, for the desk report."""

from dataclasses import replace
from pathlib import Path

from classify.workspace.labels import load_labels, store_labels
from labels.annotations import Annotation, write_annotations
from seeds.document import Document, write_documents

TAXONOMY = """version = "1"
choice = "multiple"

[[categories]]
id = "sante"
fr = "Santé"
en = "Health"

[[categories]]
id = "ecole"
fr = "École"
en = "School"

[[categories]]
id = "sport"
fr = "Sport & jeux"
en = "Sport"
"""
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>\u202e"
ARTICLES = [Document.of(f"L'article {n}.", title=f"Titre {n} {HOSTILE}") for n in range(14)]
LEA, MAX = "lea@example.org", "max@example.org"
_LEA = ["sante", "ecole", "", "sante"] * 3
_MAX = ["sante", "sante", "", "sante"] * 3


def vote(n: int, person: str, category: str, day: int = 4, seconds: float = 20.0) -> Annotation:
    """Return an answer to the n-th article, on a day of May 2026; category: "" for none."""
    created = f"2026-05-{day:02}T09:00:00Z"
    chosen = (category,) if category else ()
    return Annotation(ARTICLES[n].id, person, chosen, seconds=seconds, created=created)


def team() -> list[Annotation]:
    """Return the answers of two people on 12 articles.

    They are split on articles 1, 5 and 9, of which Léa says school and Max health. Léa answers
    eight on 4 May in 20 s each, and four on 6 May in 30 s; Max all on 6 May in 40 s each. Article 5
    has a comment, article 12 was skipped, and Max is unsure of article 13.
    """
    lea = [
        vote(n, LEA, name, 4 if n < 8 else 6, 20 if n < 8 else 30) for n, name in enumerate(_LEA)
    ]
    maxes = [vote(n, MAX, name, 6, 40) for n, name in enumerate(_MAX)]
    lea[5] = replace(lea[5], comment=f"Cantine ? {HOSTILE}")
    skipped = replace(vote(12, LEA, "", 6, 2), status="skipped")
    return [*lea, *maxes, skipped, replace(vote(13, MAX, "", 6, 40), unsure=True)]


def write_workspace(folder: Path, annotations: list[Annotation], settings: str = "") -> Path:
    """Write a workspace of 14 articles, settled as a pull would; return its folder."""
    folder.mkdir(exist_ok=True)
    (folder / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    (folder / "labelstudio.toml").write_text(settings, encoding="utf-8")
    write_documents(folder, {article.id: article for article in ARTICLES})
    write_annotations(folder, annotations)
    store_labels(folder, load_labels(folder))
    return folder
