"""Which Label Studio to talk to, and how: settings, address, API key."""

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
        """What is out of range among the settings that are there."""
        faults = []
        if not 3 <= len(values.get("title", "any")) <= 50:
            faults.append(f"title must have 3 to 50 characters, found {len(values['title'])}")
        if (url := values.get("url")) and not re.fullmatch(r"https?://[^\s@?#]+", url):
            faults.append('url must start with http:// or https:// and hold no password, or be ""')
        for name, least in (("overlap", 1), ("batch_size", 1), ("retries", 0)):
            if values.get(name, least) < least:
                faults.append(f"{name} must be at least {least}, found {values[name]}")
        if not values.get("timeout", 1) > 0:
            faults.append(f"timeout must be above 0 seconds, found {values['timeout']}")
        return faults


def connection(workspace: Path, settings: StudioSettings) -> tuple[str, str]:
    """The server's address and API key: from the environment, else the embedded server's.

    Raises:
        InputError: there is an address without a key, or no server at all.
    """
    url = os.environ.get("LABEL_STUDIO_URL", "").strip() or settings.url
    if url:
        key = os.environ.get("LABEL_STUDIO_API_KEY", "").strip()
        if not key:
            raise InputError(
                f"{url}: no API key. Set LABEL_STUDIO_API_KEY to a personal access token, "
                f"found at {url.rstrip('/')}/user/account."
            )
        return url, key
    now, known = server.status(workspace), server.credentials(workspace)
    if now.state != "running" or known is None:
        raise InputError(
            f"{workspace}: its Label Studio is not running. Run `classify labels server start`, "
            "or set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY for another one."
        )
    return now.url, known.token


def check_form(url: str, key: str) -> None:
    """Refuse what would only fail later, perhaps with the key in the message.

    Raises:
        InputError: the address or the key can't be one.
    """
    wrong = InputError(
        "LABEL_STUDIO_URL must start with http:// or https:// and hold no password. Correct it."
    )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise wrong
    if not re.fullmatch(r"[!-~]+", key):
        raise InputError(
            "LABEL_STUDIO_API_KEY holds characters no key has. Copy it again from "
            f"{url}/user/account."
        )
