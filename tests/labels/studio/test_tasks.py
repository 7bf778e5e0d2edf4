"""Articles as tasks of Label Studio, and categories as the page submits them."""

import pytest

from labels.studio.tasks import to_document, to_result, to_task
from seeds.base.errors import InputError
from seeds.document import Document

ARTICLE = Document.of(
    "Un film.\n\nSuite.", title="Un film.", date="2024-05", language="fr", source="a.txt", group="g"
)


def test_an_article_comes_back_from_its_task_as_it_was() -> None:
    assert to_document(to_task(ARTICLE)) == ARTICLE


def test_a_task_carries_the_text_inline_and_the_id_it_is_recognised_by() -> None:
    sent = to_task(ARTICLE)
    assert sent["data"]["seed_id"] == ARTICLE.id
    assert sent["data"]["text"] == "Un film.\n\nSuite."
    assert sent["data"]["facts"] == "2024-05"
    assert to_task(Document.of("Rien d'autre."))["data"]["facts"] == "–"


@pytest.mark.parametrize(
    ("source", "outlet"),
    [
        ("https://www.lemonde.fr/culture/article.html", "lemonde.fr"),
        ("http://french.china.org.cn:80/a", "french.china.org.cn"),
        ("www.rfi.fr", "rfi.fr"),
        ("Le Monde", "Le Monde"),
        ("L'Équipe", "L'Équipe"),
        ("20 Minutes", "20 Minutes"),
        ("festival-de-cinema.txt", ""),
        ("Cinema.txt.gz", ""),
        ("archives/cinema/Film", ""),
        ("export.jsonl:12", ""),
        ("Cinema_12", ""),
        ("stdin", ""),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_annotators_see_the_outlet_and_the_date_but_no_file_name(source: str, outlet: str) -> None:
    article = Document.of("Un film.", source=source, date="2024-05")
    data = to_task(article)["data"]
    assert data["outlet"] == outlet
    assert data["facts"] == (f"{outlet} · 2024-05" if outlet else "2024-05")
    assert to_document(to_task(article)) == article


def test_a_task_whose_text_was_changed_on_the_server_is_refused() -> None:
    changed = to_task(ARTICLE)
    changed["data"]["text"] += " Ajout."
    with pytest.raises(InputError, match="not that of the text"):
        to_document(changed)


def test_our_own_results_are_what_the_page_would_submit() -> None:
    assert to_result(["trade"], "un doute") == [
        {
            "from_name": "categories",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["trade"]},
        },
        {
            "from_name": "comment",
            "to_name": "text",
            "type": "textarea",
            "value": {"text": ["un doute"]},
        },
    ]
    assert to_result([]) == []
