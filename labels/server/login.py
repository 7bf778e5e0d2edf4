"""Label Studio's own pages over plain HTTP: log in, get a key, ask for user and version."""

import contextlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from labels.server.answers import Answer, parse_answer
from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

ANSWER_SECONDS = 30  # for one page; a busy SQLite keeps others waiting


def open_session(url: str, *, seconds: float = ANSWER_SECONDS) -> "httpx.Client":
    """Return a client for one server whose answers are limited in time and size.

    Raises:
        InputError: the extra is missing.
    """
    try:
        from labels.server.session import Session
    except ImportError as error:
        raise missing_extra("labels", "Label Studio") from error
    return Session(url, seconds)


@contextlib.contextmanager
def _connect(url: str) -> "Iterator[httpx.Client]":
    """Open a session.

    Raises:
        InputError: the server does not answer, or sends what can't be read.
    """
    import httpx

    with open_session(url) as client:
        try:
            yield client
        except httpx.RequestError as error:
            raise InputError(f"{url}: no answer ({error}). Is the server running?") from error


def submit_form(client: "httpx.Client", path: str, data: dict[str, str]) -> bool:
    """Submit a form of the server's pages; return False if the page showed the form again."""
    page = client.get(path).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    fields = {**data, "csrfmiddlewaretoken": token[1] if token else ""}
    answer = client.post(path, data=fields, headers={"Referer": f"{client.base_url}"})
    return answer.is_redirect


def sign_up(url: str, link: str, email: str, password: str) -> str:
    """Create a user by an invitation link, or log in an existing one; return the API key.

    The password goes to the server whose link it is, whatever host the link names.

    Raises:
        InputError: that user has another password, or the password is too short.
    """
    page = urlsplit(link)._replace(scheme="", netloc="").geturl()
    with _connect(url) as client:
        created = submit_form(client, page, {"email": email, "password": password})
    try:
        return log_in(url, email, password)
    except InputError as error:
        if created:
            raise
        raise InputError(
            f"{url}: {email} can't sign up or log in with this password. Use the password the "
            "user has; for a new user, one of 8 characters or more."
        ) from error


def log_in(url: str, email: str, password: str) -> str:
    """Return an API key of a user: the legacy token if the server takes it, else a personal one.

    Raises:
        InputError: the password is wrong, or there is a personal token already (a server
            shows each of them only once).
    """
    with _connect(url) as client:
        if not submit_form(client, "/user/login/", {"email": email, "password": password}):
            raise InputError(f"{url}: {email} can't log in with this password. Correct it.")
        legacy = _read(client.get("/api/current-user/token")).get("token", str, "")
        if legacy and find_email(url, legacy) == email:
            return legacy
        headers = {"X-CSRFToken": client.cookies.get("csrftoken") or "", "Referer": url}
        answer = client.post("/api/token/", headers=headers)
    if answer.status_code != 201:
        raise InputError(
            f"{url}: {email} can't get an API token (HTTP {answer.status_code}). If there is a "
            f"personal access token already, revoke it at {url}/user/account and try again."
        )
    return _read(answer).get("token", str)


def find_email(url: str, key: str) -> str:
    """Return the e-mail of a legacy or personal access token's user; "" if it is refused."""
    with _connect(url) as client:
        scheme = "Token"
        if key.count(".") == 2:  # a personal access token is exchanged for a short-lived one
            refreshed = client.post("/api/token/refresh/", json={"refresh": key})
            scheme = "Bearer"
            key = _read(refreshed).get("access", str) if refreshed.is_success else ""
        answer = client.get(
            "/api/current-user/whoami", headers={"Authorization": f"{scheme} {key}"}
        )
        return _read(answer).get("email", str) if answer.is_success else ""


def find_version(url: str) -> str:
    """Return the version of a healthy server; "" if it does not answer (yet)."""
    import httpx

    with open_session(url) as client, contextlib.suppress(httpx.RequestError):
        answer = client.get("/api/version/") if client.get("/health").is_success else None
        if answer is not None and answer.is_success:
            return _read(answer).get("release", str, "")
    return ""


def _read(answer: "httpx.Response") -> Answer:
    """Parse an answer."""
    return parse_answer(answer.content, str(answer.request.url.copy_with(query=None)))
