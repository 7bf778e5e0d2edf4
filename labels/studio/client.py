"""A connection to a Label Studio server; the only code that imports its SDK.

What is asked of the server goes through `Studio.read` and `Studio.write`.
"""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from labels.server.login import open_session, sign_up
from labels.studio import errors
from labels.studio.connection import StudioSettings, check_address_and_key
from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

T = TypeVar("T")

MINIMUM = (1, 23, 2)  # earlier servers carry SSRF, XSS and token-leak CVEs


class Studio:
    """A connection to a Label Studio server, as one of its users.

    Attributes:
        url: the server's address.
        settings: time-out, retries, batch size.
        email: of the user.
        sdk: the SDK's client, whose calls go through `read` and `write`.
    """

    def __init__(self, client: "LabelStudio", url: str, settings: StudioSettings) -> None:
        self.url = url
        self.settings = settings
        self.email = ""
        self.sdk = client

    @classmethod
    def connect(cls, url: str, key: str, settings: StudioSettings) -> "Studio":
        """Connect, and check the address, the key and the version with one call each.

        Args:
            url: the server's address.
            key: a personal access token or a legacy token.
            settings: time-out, retries, batch size.

        Raises:
            InputError: the server is down or too old, or refuses the key.
        """
        url = url.rstrip("/")
        check_address_and_key(url, key)
        try:
            from label_studio_sdk import LabelStudio
            from label_studio_sdk.core.api_error import ApiError
        except ImportError as error:
            raise missing_extra("labels", "Label Studio") from error
        web = open_session(url, seconds=settings.timeout)
        try:
            # The slash keeps a path in the address when the SDK exchanges a personal token.
            client = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=f"{url}/", api_key=key, max_retries=0, httpx_client=web
            )
        except ApiError as error:
            raise errors.key_error(url, key, error) from error
        studio = cls(client, url, settings)
        studio._identify(key)
        return studio

    def invite(self, email: str, password: str) -> str:
        """Sign up another user of this server, who can annotate; return that user's API key.

        A user who has signed up before is logged in.

        Raises:
            InputError: that user has another password, or the password is too short.
        """
        invites = self.sdk.organizations.invites
        link = str(self.read("the invitation link", invites.get_invite_link).invite_url)
        return self.write("the sign-up", sign_up, self.url, link, email, password)

    def read(self, subject: str, call: Callable[..., T], *args: Any, **options: Any) -> T:
        """Call the SDK for something that changes nothing; try again where that may help.

        Args:
            subject: what is asked for, named in errors.
            call: a method of the SDK.
            args, options: its arguments.

        Raises:
            InputError: the server is down, fails or refuses; see `labels.studio.errors`.
        """
        return self._call(self.settings.retries, subject, lambda: call(*args, **options))

    def write(self, subject: str, call: Callable[..., T], *args: Any, **options: Any) -> T:
        """Call the SDK for a change, once; the arguments are those of read.

        Raises:
            UnsureError: the change may have been made.
            InputError: it is refused.
        """
        return self._call(0, subject, lambda: call(*args, **options))

    def request(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Send a request for which the SDK has no method; like those, to be passed to write."""
        from label_studio_sdk.core.api_error import ApiError

        wrapper = self.sdk._client_wrapper
        answer = wrapper.httpx_client.request(path, method=method, json=body)
        if answer.is_error:
            raise ApiError(status_code=answer.status_code, headers=dict(answer.headers))

    def _call(self, retries: int, subject: str, call: Callable[[], T]) -> T:
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        attempt = 0
        while True:
            try:
                return call()
            except (ApiError, TransportError) as error:
                delay = errors.retry_delay(error, attempt) if attempt < retries else None
                if delay is None:
                    timeout = self.settings.timeout
                    raise errors.request_error(self.url, error, subject, timeout) from error
            time.sleep(delay)
            attempt += 1

    def _identify(self, key: str) -> None:
        """Ask whose key this is, and which version the server runs.

        Raises:
            InputError: see connect.
        """
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        try:
            user = self.sdk.users.whoami()
            release = str(self.sdk.versions.get().release)
        except TransportError as error:
            timeout = self.settings.timeout
            raise errors.request_error(self.url, error, "the user", timeout) from error
        except (ApiError, ValueError) as error:
            if isinstance(error, ApiError) and error.status_code in (401, 403):
                raise errors.key_error(self.url, key, error) from error
            raise errors.address_error(self.url, error) from error
        self.email = str(user.email)
        numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", release)
        if not numbers or tuple(map(int, numbers.groups())) < MINIMUM:
            raise InputError(
                f"{self.url}: runs Label Studio {release}, which has known security holes. "
                f"Upgrade it to {'.'.join(map(str, MINIMUM))} or later."
            )
