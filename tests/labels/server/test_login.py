"""Logging in to servers that answer what Label Studio does not."""

from collections.abc import Callable, Iterator

import pytest

from labels.server.login import find_email, find_version, log_in, sign_up
from seeds.base.errors import InputError
from tests.support.impostor import KEY, Handler, Impostor, impostor

PERSONAL = "a.b.c"
FORM = b'<input name="csrfmiddlewaretoken" value="x1">'
BODIES = (b"", b"5", b"[]", b"null", b'{"token": 5}', b"<html>", b"[" * 100_000, b'{"email": [1]}')


def redirect(handler: Handler) -> None:
    """Show a form, and accept it."""
    if handler.command == "GET":
        handler.answer(FORM)
    else:
        handler.answer(b"", 302, Location="/projects/")


@pytest.fixture
def server() -> Iterator[Impostor]:
    with impostor() as started:
        started.lies |= {"/user/login/": redirect, "/user/signup/": redirect, "/health": b"{}"}
        started.lies["/api/current-user/token"] = b'{"token": "' + KEY.encode() + b'"}'
        yield started


CALLS: dict[str, Callable[[str], str]] = {
    "/api/version/": find_version,
    "/api/current-user/whoami": lambda url: find_email(url, KEY),
    "/api/token/refresh/": lambda url: find_email(url, PERSONAL),
    "/api/current-user/token": lambda url: log_in(url, "lea@classify.localhost", "secret-word"),
}


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("body", BODIES)
def test_whatever_is_answered_is_one_line(server: Impostor, path: str, body: bytes) -> None:
    server.lies[path] = body
    try:
        answer = CALLS[path](server.url)
    except InputError as error:
        message = str(error)
    else:
        message = f"{server.url}: {answer}"
        assert answer == ""
    assert message.startswith(server.url)
    assert "\n" not in message
    assert KEY not in message
    assert "secret-word" not in message


@pytest.mark.parametrize("path", CALLS)
def test_a_connection_that_is_cut_is_one_line(server: Impostor, path: str) -> None:
    def cut(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        handler.close_connection = True

    server.lies[path] = cut
    if path == "/api/version/":
        assert find_version(server.url) == ""  # not up yet
        return
    with pytest.raises(InputError, match=r"no answer \(.*Is the server running"):
        CALLS[path](server.url)


def test_a_password_goes_to_no_other_host_than_the_servers(server: Impostor) -> None:
    with impostor() as other:
        link = f"{other.url}/user/signup/?token=abc"
        assert sign_up(server.url, link, "lea@classify.localhost", "secret-word") == KEY
        assert other.seen == []
    assert server.seen.count("/user/signup/") == 2
