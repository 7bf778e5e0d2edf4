"""Failures between us and a Label Studio, as lines a user can act on."""

import json
import random
import ssl
from typing import Any

from labels.server.answers import unexpected
from seeds.base.errors import InputError

LONGEST_PAUSE = 60.0  # seconds before a read is tried again


class MissingError(InputError):
    """The server answers 404: what was asked for does not exist."""


class UnsureError(InputError):
    """The server may have done what it was asked, or may do it if asked again."""


def request_error(url: str, error: Any, subject: str, timeout: float) -> InputError:
    """Return the error for a request that failed.

    Args:
        url: the server's address.
        error: the SDK's ApiError, or httpx's TransportError.
        subject: what was asked for.
        timeout: the seconds that were waited.
    """
    from httpx import TimeoutException, TransportError

    if isinstance(error, TimeoutException):
        return UnsureError(
            f"{url}: no answer about {subject} within {timeout:g} s. "
            "Try again, or raise timeout in labelstudio.toml."
        )
    if distrust := _distrust(error):
        return InputError(
            f"{url}: its certificate is not trusted ({distrust}), so no key was sent. Set "
            "SSL_CERT_FILE to your authority's certificate, or check LABEL_STUDIO_URL."
        )
    if isinstance(error, TransportError):
        return UnsureError(
            f"{url}: no connection ({error}). Run `classify labels server start`, "
            "or check LABEL_STUDIO_URL."
        )
    status = error.status_code or 0
    if 200 <= status < 300:
        return unreadable_error(url, subject)
    return _status_error(url, error, subject, status)


def unreadable_error(url: str, subject: str) -> InputError:
    """Return the error for an answer that the SDK can't read."""
    return UnsureError(str(unexpected(f"{url}: {subject}", "nothing that can be read")))


def _distrust(error: BaseException | None) -> str:
    """Return why the server's TLS certificate was refused; "" if something else failed."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return str(error.verify_message)
        error = error.__cause__ or error.__context__
    return ""


def _status_error(url: str, error: Any, subject: str, status: int) -> InputError:
    if status == 404:
        return MissingError(f"{url}: {subject} does not exist. Run `classify labels push`.")
    if 300 <= status < 400:
        return _redirect_error(url, error)
    if status in (401, 403):
        return InputError(f"{url}: not allowed (HTTP {status}). Check the API key.")
    kind = UnsureError if status in (0, 408, 409, 429) or status >= 500 else InputError
    hint = (
        "Annotations may prevent it: delete or change them in Label Studio first."
        if status == 400
        else "Look at the server's log, then try again."
    )
    return kind(f"{url}: {subject} failed (HTTP {status}){_detail(error)}. {hint}")


def key_error(url: str, key: str, error: Any) -> InputError:
    """Return the error for a key that is wrong, expired, or of a kind the server refuses."""
    kind = "personal access token" if key.count(".") == 2 else "legacy token"
    return InputError(
        f"{url}: the {kind} was refused{_detail(error)}. "
        f"Get a personal access token at {url}/user/account and set LABEL_STUDIO_API_KEY to it."
    )


def address_error(url: str, error: Any) -> InputError:
    """Return the error for an address that answers, but not as Label Studio does."""
    status = getattr(error, "status_code", None) or 0
    if 300 <= status < 400:
        return _redirect_error(url, error)
    if status >= 500:
        return InputError(f"{url}: the server fails (HTTP {status}). Look at its log.")
    return InputError(f"{url}: answers, but not as Label Studio does. Check LABEL_STUDIO_URL.")


def _redirect_error(url: str, error: Any) -> InputError:
    target = (error.headers or {}).get("location", "another address")
    return InputError(
        f"{url}: redirects to {target[:200]}, to which no key was sent. "
        "If that is your server, set LABEL_STUDIO_URL to it."
    )


def _detail(error: Any) -> str:
    """Return the server's explanation of an error, as " (…)"; "" if it is a page of HTML."""
    body = getattr(error, "body", None)
    detail = body.get("validation_errors") or body.get("detail") if isinstance(body, dict) else ""
    try:
        text = " ".join(json.dumps(detail, ensure_ascii=False).split()) if detail else ""
    except RecursionError:
        return ""
    text = text.strip('"').replace("\\n", " ")
    return f" ({text[:300]})" if text else ""


def retry_delay(error: Any, attempt: int) -> float | None:
    """Return the seconds to wait before a read is tried again; None if that is no use.

    An answer that took too long would take as long again, so it is not asked for twice.

    Args:
        error: as for request_error.
        attempt: how many times the read was tried again before.
    """
    from httpx import ConnectTimeout, TimeoutException, TransportError

    backoff = random.uniform(0.5, 1.0) * min(2.0**attempt, LONGEST_PAUSE)
    if isinstance(error, TransportError):
        slow = isinstance(error, TimeoutException) and not isinstance(error, ConnectTimeout)
        return None if slow else backoff
    status = error.status_code or 0
    requested = str((error.headers or {}).get("retry-after", ""))
    if status in (429, 503) and requested.isascii() and requested.isdigit():
        return min(float(requested), LONGEST_PAUSE)
    return backoff if status == 429 or status >= 500 else None
