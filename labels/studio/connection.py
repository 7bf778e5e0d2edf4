"""The Label Studio to connect to: settings, address, API key."""

import contextlib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from labels.server import server
from seeds.base.errors import InputError
from seeds.base.storage import replacing

Language = Literal["fr", "en", "both"]
Keyboard = Literal["digits", "azerty", "qwerty"]
_LONGEST = 1_000_000  # seconds; more, or infinity, no clock of the system waits for


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """labelstudio.toml.

    Attributes:
        title: the project's, by which it is found; 3 to 50 characters.
        overlap: annotators an article.
        url: an existing server, once LABEL_STUDIO_URL has named it; "" means LABEL_STUDIO_URL,
            else the embedded one.
        batch_size: tasks in one import request.
        timeout: seconds to wait for one answer.
        retries: of reads; a write is never sent blindly again.
        votes: annotators who must have answered before an article counts as settled; 0 means as
            many as overlap, or 1 where only a share of the articles gets so many.
        overlap_share: the share of the articles that so many annotators get; the others get one.
        third_opinion: ask one more annotator about a disputed article, in the project itself.
        consensus: how answers that differ are settled: by the majority, or each weighed by how
            strict its annotator is.
        language: of the labelling page, its guide and its tabs.
        keyboard: "digits" keeps the hotkeys of taxonomy.toml, the others give out letters in the
            order of that keyboard.
    """

    title: str
    overlap: int
    url: str
    batch_size: int
    timeout: float
    retries: int
    votes: int = 0
    overlap_share: float = 1.0
    third_opinion: bool = False
    consensus: Literal["majority", "dawid-skene"] = "majority"
    language: Language = "fr"
    keyboard: Keyboard = "digits"

    @property
    def votes_needed(self) -> int:
        """How many votes settle an article."""
        return self.votes or (self.overlap if self.overlap_share == 1 else 1)

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
        for name, minimum in (("overlap", 1), ("batch_size", 1), ("retries", 0), ("votes", 0)):
            if values.get(name, minimum) < minimum:
                faults.append(f"{name} must be at least {minimum}, found {values[name]}")
        overlap, votes = values.get("overlap", 1), values.get("votes", 0)
        if "overlap" in values and votes > overlap >= 1:
            faults.append(
                f"votes must be at most overlap ({overlap}), which is how many annotators see an "
                f"article, found {votes}"
            )
        if not 0 <= values.get("overlap_share", 1) <= 1:
            faults.append(f"overlap_share must be from 0 to 1, found {values['overlap_share']}")
        if not 0 < values.get("timeout", 1) < _LONGEST:
            found = values["timeout"]
            faults.append(f"timeout must be above 0 and below {_LONGEST:,} seconds, found {found}")
        return faults


def find_server(workspace: Path, settings: StudioSettings) -> tuple[str, str]:
    """Return a server's address and API key: from the environment, else the embedded server's.

    A workspace may come from a stranger, and so may the address in its labelstudio.toml. The key
    in the environment goes there only if the environment has named that address before.

    Raises:
        InputError: there is an address without a key, an address that is not confirmed, or no
            server at all.
    """
    url = os.environ.get("LABEL_STUDIO_URL", "").strip()
    key = os.environ.get("LABEL_STUDIO_API_KEY", "").strip()
    if url:
        if not key:
            raise InputError(
                f"{url}: no API key. Set LABEL_STUDIO_API_KEY to a personal access token from "
                f"{url.rstrip('/')}/user/account."
            )
        return url, key
    if settings.url:
        if not key or not is_confirmed(settings.url):
            raise InputError(
                f"{settings.url}: named by labelstudio.toml alone, so no key was sent there. If "
                f"it is your server, set LABEL_STUDIO_URL={settings.url} and LABEL_STUDIO_API_KEY "
                "once; from then on the key is enough. If not, remove url from labelstudio.toml "
                f"in {workspace}."
            )
        return settings.url, key
    status, login = server.status(workspace), server.credentials(workspace)
    if status.state != "running" or login is None:
        raise InputError(
            f"{workspace}: its Label Studio is not running. Run `classify labels server start`, "
            "or set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY for another one."
        )
    return status.url, login.token


def is_confirmed(url: str) -> bool:
    """Tell whether the environment has named this address before, and it took the key."""
    return _normalise(url) in _confirmed_addresses()


def confirm_address() -> None:
    """Remember the address that the environment names, as one that took the key.

    It is remembered for the user, outside every workspace. Where that can't be written, the
    environment must name the address each time.
    """
    url = os.environ.get("LABEL_STUDIO_URL", "").strip()
    if url and not is_confirmed(url):
        lines = [*_confirmed_addresses(), _normalise(url)]
        unwritable = contextlib.suppress(InputError, RuntimeError)
        with unwritable, replacing(_confirmed_path(), mode=0o600) as file:
            file.write("".join(f"{line}\n" for line in lines).encode())


def _confirmed_addresses() -> list[str]:
    try:
        return _confirmed_path().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError, RuntimeError):  # the last: there is no home
        return []


def _confirmed_path() -> Path:
    """Return the file of confirmed addresses, a line each, among the user's own settings."""
    folder = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(folder).expanduser() / "classify" / "label-studio-servers"


def _normalise(url: str) -> str:
    """Return an address with its host in lower case and without a slash at its end."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path.rstrip("/")).geturl()


def is_in_the_clear(url: str) -> bool:
    """Tell whether the key and the articles go unencrypted over a network."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
            return False
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return True


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
