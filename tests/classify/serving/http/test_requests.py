"""A request's texts are refused as a file would be, each by its place."""

import asyncio
import json
from typing import Any

import pytest
from starlette.requests import Request

from classify.serving.http.requests import InvalidError, read_predict_request

NO_ARTICLE = [
    ("a\0b", "is binary (it contains NUL), not text. Give a text file."),
    (
        "De : Anne\nÀ : Luc\nObjet : Budget\n\nBonjour",
        "is an e-mail, not text of an article. Save the article's text alone as .txt.",
    ),
    (
        '<rss version="2.0"><channel/></rss>',
        "is an RSS feed, not text of an article. Export its articles as .jsonl or .csv, or save "
        "each as .txt or .html.",
    ),
]


def request(text: Any) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps({"text": text}).encode()}

    headers = [(b"content-type", b"application/json")]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


@pytest.mark.parametrize(("text", "message"), NO_ARTICLE)
def test_a_text_that_is_no_article_is_refused_by_its_place(text: str, message: str) -> None:
    for sent, where in ((text, "text"), (["Le film sort.", text], "text.1")):
        with pytest.raises(InvalidError) as refused:
            asyncio.run(read_predict_request(request(sent)))
        assert refused.value.errors == [{"where": where, "message": message}]


def test_a_text_that_is_an_article_is_read() -> None:
    body = asyncio.run(read_predict_request(request("<p>Le film sort.</p>")))
    assert body.text == "<p>Le film sort.</p>"
