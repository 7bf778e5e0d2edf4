"""Label Studio's own pages over plain HTTP: log in, get a key, ask for user and version."""

import contextlib
import re
from typing import TYPE_CHECKING

from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS = 30  # for one page; a busy SQLite keeps others waiting
CONNECT_SECONDS = 10


def open_session(url: str, *, seconds: float = ANSWER_SECONDS) -> "httpx.Client":
    """Return a client for one server, which stores cookies, checks TLS, follows no redirect.

    Args:
        url: the server's address; no proxy is used for one on loopback. SSL_CERT_FILE may name
            the certificates that are trusted.
        seconds: how long an answer may take.
    """
    try:
        import httpx
    except ImportError as error:
        raise missing_extra("labels", "Label Studio") from error
    direct = dict.fromkeys(("all://127.0.0.1", "all://[::1]", "all://localhost"))
    timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
    return httpx.Client(base_url=url, timeout=timeout, mounts=direct)


def submit_form(client: "httpx.Client", path: str, data: dict[str, str]) -> bool:
    """Submit a form of the server's pages; return False if the page showed the form again."""
    page = client.get(path).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    fields = {**data, "csrfmiddlewaretoken": token[1] if token else ""}
    answer = client.post(path, data=fields, headers={"Referer": f"{client.base_url}"})
    return answer.is_redirect


def sign_up(url: str, link: str, email: str, password: str) -> str:
    """Create a user by an invitation link, or log in an existing one; return the API key.

    Raises:
        InputError: that user has another password, or the password is too short.
    """
    with open_session(url) as client:
        created = submit_form(client, link, {"email": email, "password": password})
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
    with open_session(url) as client:
        if not submit_form(client, "/user/login/", {"email": email, "password": password}):
            raise InputError(f"{url}: {email} can't log in with this password. Correct it.")
        legacy = str(client.get("/api/current-user/token").json().get("token", ""))
        if legacy and find_email(url, legacy) == email:
            return legacy
        headers = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": url}
        answer = client.post("/api/token/", headers=headers)
    if answer.status_code != 201:
        raise InputError(
            f"{url}: {email} can't get an API token (HTTP {answer.status_code}). If there is a "
            f"personal access token already, revoke it at {url}/user/account and try again."
        )
    return str(answer.json()["token"])


def find_email(url: str, key: str) -> str:
    """Return the e-mail of a legacy or personal access token's user; "" if it is refused."""
    with open_session(url) as client:
        scheme = "Token"
        if key.count(".") == 2:  # a personal access token is exchanged for a short-lived one
            refreshed = client.post("/api/token/refresh/", json={"refresh": key})
            scheme = "Bearer"
            key = refreshed.json().get("access", "") if refreshed.is_success else ""
        answer = client.get(
            "/api/current-user/whoami", headers={"Authorization": f"{scheme} {key}"}
        )
        return str(answer.json()["email"]) if answer.is_success else ""


def find_version(url: str) -> str:
    """Return the version of a healthy server; "" if it does not answer (yet)."""
    import httpx

    with open_session(url) as client, contextlib.suppress(httpx.TransportError, ValueError):
        if client.get("/health").is_success:
            return str(client.get("/api/version/").json().get("release", ""))
    return ""
