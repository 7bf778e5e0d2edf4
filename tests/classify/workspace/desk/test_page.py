"""The desk report on workspaces that are known by heart, read as text."""

import datetime as dt
import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from classify.progress import track_count
from classify.workspace.desk.facts import Desk, Doubts, read_desk
from classify.workspace.desk.page import desk_page
from labels.annotations import Annotation
from seeds.base.records import write_records
from tests.support.desk import ARTICLES, LEA, team, vote, write_workspace
from training.selection.saving import Saving

NOW = dt.datetime(2026, 5, 7, 12, tzinfo=dt.UTC)
OVERLAP = "overlap = 2\n"


def read(folder: Path) -> Desk:
    return read_desk(folder, NOW, track_count)


def sections(desk: Desk, language: str = "fr") -> dict[str, str]:
    """Return the text of each section in a language, by its anchor; "" is what stands before."""
    page = desk_page(desk)
    (content,) = re.findall(
        rf'<div class="language" lang="{language}".*?(?=<div class="language"|<script>)', page, re.S
    )
    parts = re.split(rf'<section id="{language}-(\w+)">', content)
    texts = [html.unescape(re.sub(r"<[^>]+>", " ", part)) for part in parts]
    plain = [re.sub(r"\s+", " ", text).strip() for text in texts]
    return dict(zip(["", *plain[1::2]], plain[::2], strict=True))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return read(write_workspace(tmp_path / "w", team(), OVERLAP))


def test_it_leads_with_what_is_done_and_left(desk: Desk) -> None:
    """Of 14 articles two people agree on 9 and are split on 3; one was skipped, one is unsure."""
    top = sections(desk)[""]
    assert "Étiquettes convenues pour 9 articles sur 14." in top
    assert "convenus 9 en attente de votes 1 à arbitrer 3 à annoter 1" in top
    assert "À faire maintenant classify labels adjudicate" in top
    assert "Agreed labels for 9 articles of 14." in sections(desk, "en")[""]


def test_each_annotator_has_a_line_with_pace_and_time(desk: Desk) -> None:
    """Léa: 12 on two days, median of eight 20 s and four 30 s; Max: 13 on one day."""
    progress = sections(desk)["progress"]
    assert "lea 12 20 s 6 1 0 6 mai 2026" in progress
    assert "max 13 40 s 13 0 1 6 mai 2026" in progress
    assert "Articles annotés par jour" in progress
    assert "6 mai 2026: 17 (lea 4, max 13)" in progress


def test_agreement_is_that_of_people_with_names_and_decimal_commas(desk: Desk) -> None:
    """They give the same answer to 9 of 12, and differ on health and school on the other three."""
    agreement = sections(desk)["agreement"]
    assert "Réponses identiques 75 %" in agreement
    assert "Santé" in agreement
    assert "3 sur 12" in agreement
    assert "Alpha indéfini, personne ne l’a choisie : Sport & jeux." in agreement
    assert "Santé / École 3 Titre " in sections(desk)["confusions"]
    assert "Health / School 3" in sections(desk, "en")["confusions"]


def test_disputes_have_their_votes_and_comments(desk: Desk) -> None:
    disputes = sections(desk)["disputes"]
    assert disputes.count("Santé ? École ?") == 3
    assert disputes.count("lea École") == 3
    assert disputes.count("max Santé") == 3
    assert "lea École Cantine ?" in disputes
    assert ARTICLES[5].id in disputes


def test_skipped_unsure_and_commented_articles_are_listed(desk: Desk) -> None:
    notes = sections(desk)["notes"]
    for number, answer in ((12, "passé lea"), (13, "hésitant max"), (5, "commenté lea Cantine")):
        assert f"{ARTICLES[number].id} {answer}" in notes


def test_what_people_wrote_is_text(desk: Desk) -> None:
    page = desk_page(desk)
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;window.ran" in page


def test_it_loads_nothing(desk: Desk) -> None:
    page = desk_page(desk)
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert "url(" not in page
    assert "@import" not in page


NOTHING = {
    "progress": "classify labels push",
    "time": "classify labels pull",
    "agreement": "classify labels pull",
    "confusions": "classify labels pull",
    "disputes": "classify labels status",
    "notes": "classify labels pull",
    "suspects": "classify train",
    "saving": "classify labels next",
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_without_an_annotation_each_section_names_the_command_that_fills_it(
    tmp_path: Path, language: str
) -> None:
    texts = sections(read(write_workspace(tmp_path / "w", [])), language)
    for name, command in NOTHING.items():
        assert command in texts[name], name


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    assert "classify seeds add PATH" in sections(read(tmp_path))[""]


def test_one_annotator_is_told_that_agreement_takes_two(tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "w", [vote(n, LEA, "sante") for n in range(12)])
    texts = sections(read(folder))
    assert "classify labels invite" in texts["agreement"]
    assert "lea a toujours répondu la même chose (Santé)" in texts["agreement"]
    assert "classify labels invite" in texts["confusions"]


def test_people_who_share_no_article_are_told_of_overlap(tmp_path: Path) -> None:
    answers = [vote(n, f"{'ab'[n % 2]}@example.org", "sante") for n in range(8)]
    texts = sections(read(write_workspace(tmp_path / "w", answers)))
    assert "overlap = 2" in texts["agreement"]
    assert "overlap = 2" in texts["confusions"]


def test_labels_from_a_file_are_named_and_nobodys(tmp_path: Path) -> None:
    """Also where a person answered the same articles: a file does not agree with anybody."""
    file = [vote(n, "import:labels.csv", "sante") for n in range(6)]
    texts = sections(read(write_workspace(tmp_path / "w", file)))
    assert "labels.csv (6)" in texts["progress"]
    assert "classify labels push" in texts["progress"]
    assert "classify labels pull" in texts["agreement"]
    both = [*file, *(vote(n, LEA, "ecole") for n in range(6))]
    texts = sections(read(write_workspace(tmp_path / "w", both)))
    assert "classify labels invite" in texts["agreement"]


def test_answers_without_dates_or_seconds_are_counted_apart(tmp_path: Path) -> None:
    answers = [Annotation(ARTICLES[n].id, LEA, ("sante",)) for n in range(3)]
    texts = sections(read(write_workspace(tmp_path / "w", answers)))
    assert "absentes ici : 3 réponses" in texts["progress"]
    assert "lea 3 – – 0 0 – –" in texts["progress"]
    assert "classify labels pull" in texts["time"]


def test_a_category_that_is_no_more_does_not_break_it(tmp_path: Path) -> None:
    answers = [*team(), replace(vote(1, "zoe@example.org", "sante"), categories=("gone", "ecole"))]
    texts = sections(read(write_workspace(tmp_path / "w", answers, OVERLAP)))
    assert "gone" not in texts["disputes"]


def test_doubts_are_told_by_article_with_the_model_and_the_people(desk: Desk) -> None:
    record = {
        "rank": 1,
        "part": "test",
        "reason": "model",
        "article": ARTICLES[3].id,
        "title": "Titre 3",
        "category": "ecole",
        "labelled": False,
        "probability": 0.934,
        "annotators": [LEA],
    }
    duplicate = {**record, "category": "sante", "labelled": True, "reason": "duplicates"}
    doubtful = replace(desk, is_trained=True, doubts=Doubts([record, duplicate], 41, "tfidf"))
    text = sections(doubtful)["suspects"]
    assert f"Titre 3 {ARTICLES[3].id} partie test" in text
    assert "sans École , le modèle : 93 %" in text
    assert "étiqueté Santé ; un quasi-double est étiqueté autrement" in text
    assert "… et 40 de plus" in text
    assert "dit pourquoi" in sections(replace(desk, is_trained=True))["suspects"]


def test_the_saving_is_told_with_its_interval_or_that_none_is_shown(desk: Desk) -> None:
    saved = replace(desk, chosen=160, saving=Saving(140, 233.7, 178, 309, 28))
    text = sections(saved, "en")["saving"]
    assert (
        "140 articles with labels where random order would have needed about 230 [180, 310]" in text
    )
    assert "28 articles taken at random" in text
    none = replace(desk, chosen=160, saving=Saving(140, 150, 120, 190, 28))
    assert "No gain shown" in sections(none, "en")["saving"]


def test_chosen_articles_without_a_measure_yet_are_counted(tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "w", team(), OVERLAP)
    chosen = {"document_id": ARTICLES[0].id, "arm": "random", "strategy": "auto"}
    write_records(folder / "chosen.jsonl", [{**chosen, "reason": "r", "chosen": "2026-05-04"}])
    assert "Chosen so far: 1 article;" in sections(read(folder), "en")["saving"]


def test_the_language_is_that_of_the_settings(tmp_path: Path) -> None:
    english = desk_page(read(write_workspace(tmp_path / "w", team(), 'language = "en"\n')))
    assert '<html lang="en">' in english
    assert re.search(r'lang="fr" data-title="[^"]+" hidden', english)
    french = desk_page(read(write_workspace(tmp_path / "w", team(), 'language = "both"\n')))
    assert '<html lang="fr">' in french


def test_the_json_has_every_figure(desk: Desk) -> None:
    record = desk.record()
    assert record["progress"]["agreed"] == 9
    assert [period["start"] for period in record["timeline"]["periods"]] == [
        *("2026-05-04", "2026-05-05", "2026-05-06"),
    ]
    assert len(record["disputes"]) == 3
    assert record["agreement"]["sets"]["exact"] == pytest.approx(0.75)
    assert (record["suspects"], record["saving"]) == (None, None)
