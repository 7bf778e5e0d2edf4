"""Label Studio's own pages over plain HTTP: log in, get a key, ask for user and version."""

import contextlib
import re
from typing import TYPE_CHECKING

from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS = 30  # for one page; a busy SQLite keeps others waiting
CONNECT_SECONDS = 10


def session(url: str, *, seconds: float = ANSWER_SECONDS) -> "httpx.Client":
    """A client for one server: keeps cookies, checks TLS, follows no redirect.

    Args:
        url: the server's address; no proxy is asked for one on loopback. SSL_CERT_FILE may name
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
    """Send a form of the server's pages; False if the page showed the form again."""
    page = client.get(path).text
    hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    fields = {**data, "csrfmiddlewaretoken": hidden[1] if hidden else ""}
    answer = client.post(path, data=fields, headers={"Referer": f"{client.base_url}"})
    return answer.is_redirect


def sign_up(url: str, link: str, email: str, password: str) -> str:
    """Make a user by an invitation link, or log in one who is there already; the API key.

    Raises:
        InputError: that user has another password, or the password is too short.
    """
    with session(url) as client:
        new = submit_form(client, link, {"email": email, "password": password})
    try:
        return login_key(url, email, password)
    except InputError as error:
        if new:
            raise
        raise InputError(
            f"{url}: {email} can't sign up nor log in with this password. Give the "
            "user's own one; for a new user, one of 8 characters or more."
        ) from error


def login_key(url: str, email: str, password: str) -> str:
    """An API key of a user: the legacy token where the server takes it, else a personal one.

    Raises:
        InputError: the password is wrong, or there is a personal token already (a server
            shows each of them only once).
    """
    with session(url) as client:
        if not submit_form(client, "/user/login/", {"email": email, "password": password}):
            raise InputError(f"{url}: {email} can't log in with this password. Correct it.")
        legacy = str(client.get("/api/current-user/token").json().get("token", ""))
        if legacy and whoami(url, legacy) == email:
            return legacy
        proof = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": url}
        answer = client.post("/api/token/", headers=proof)
    if answer.status_code != 201:
        raise InputError(
            f"{url}: {email} can't get an API token (HTTP {answer.status_code}). If there is a "
            f"personal access token already, revoke it at {url}/user/account and try again."
        )
    return str(answer.json()["token"])


def whoami(url: str, key: str) -> str:
    """The e-mail a legacy or personal access token belongs to; "" if the server refuses it."""
    with session(url) as client:
        scheme = "Token"
        if key.count(".") == 2:  # a personal access token is exchanged for a short-lived one
            fresh = client.post("/api/token/refresh/", json={"refresh": key})
            scheme, key = "Bearer", fresh.json().get("access", "") if fresh.is_success else ""
        answer = client.get(
            "/api/current-user/whoami", headers={"Authorization": f"{scheme} {key}"}
        )
        return str(answer.json()["email"]) if answer.is_success else ""


def version(url: str) -> str:
    """The version a healthy server tells, "" if it does not answer (yet)."""
    import httpx

    with session(url) as client, contextlib.suppress(httpx.TransportError, ValueError):
        if client.get("/health").is_success:
            return str(client.get("/api/version/").json().get("release", ""))
    return ""
