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
    assert sent["data"]["facts"] == "2024-05 · a.txt · fr"
    assert to_task(Document.of("Rien d'autre."))["data"]["facts"] == "–"


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
