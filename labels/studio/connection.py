"""The Label Studio to connect to: settings, address, API key."""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labels.server import server
from seeds.base.errors import InputError


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """labelstudio.toml.

    Attributes:
        title: the project's, by which it is found; 3 to 50 characters.
        overlap: annotators an article.
        url: an existing server; "" means LABEL_STUDIO_URL, else the embedded one.
        batch_size: tasks in one import request.
        timeout: seconds to wait for one answer.
        retries: of reads; a write is never sent blindly again.
    """

    title: str
    overlap: int
    url: str
    batch_size: int
    timeout: float
    retries: int

    def __post_init__(self) -> None:
        if faults := self.faults_in(asdict(self)):
            raise InputError("; ".join(faults))

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        """Name the settings that are out of range; values may lack some of them."""
        faults = []
        if not 3 <= len(values.get("title", "any")) <= 50:
            faults.append(f"title must have 3 to 50 characters, found {len(values['title'])}")
        if (url := values.get("url")) and not re.fullmatch(r"https?://[^\s@?#]+", url):
            faults.append(
                'url must start with http:// or https:// and contain no password, or be ""'
            )
        for name, minimum in (("overlap", 1), ("batch_size", 1), ("retries", 0)):
            if values.get(name, minimum) < minimum:
                faults.append(f"{name} must be at least {minimum}, found {values[name]}")
        if not values.get("timeout", 1) > 0:
            faults.append(f"timeout must be above 0 seconds, found {values['timeout']}")
        return faults


def find_server(workspace: Path, settings: StudioSettings) -> tuple[str, str]:
    """Return a server's address and API key: from the environment, else the embedded server's.

    Raises:
        InputError: there is an address without a key, or no server at all.
    """
    url = os.environ.get("LABEL_STUDIO_URL", "").strip() or settings.url
    if url:
        key = os.environ.get("LABEL_STUDIO_API_KEY", "").strip()
        if not key:
            raise InputError(
                f"{url}: no API key. Set LABEL_STUDIO_API_KEY to a personal access token from "
                f"{url.rstrip('/')}/user/account."
            )
        return url, key
    status, login = server.status(workspace), server.credentials(workspace)
    if status.state != "running" or login is None:
        raise InputError(
            f"{workspace}: its Label Studio is not running. Run `classify labels server start`, "
            "or set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY for another one."
        )
    return status.url, login.token


def check_address_and_key(url: str, key: str) -> None:
    """Refuse an address or a key that would only fail later, perhaps with the key in the message.

    Raises:
        InputError: one of them can't be right.
    """
    wrong_address = InputError(
        "LABEL_STUDIO_URL must start with http:// or https:// and contain no password. Correct it."
    )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise wrong_address from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise wrong_address
    if not re.fullmatch(r"[!-~]+", key):
        raise InputError(
            "LABEL_STUDIO_API_KEY has characters that no key has. Copy it again from "
            f"{url}/user/account."
        )
