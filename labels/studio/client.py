"""A connection to a Label Studio server; the only code that imports its SDK.

What is asked of the server goes through `Studio.read` and `Studio.write`.
"""

import itertools
import re
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from labels.server.answers import Answer
from labels.server.login import open_session, sign_up
from labels.studio import errors
from labels.studio.connection import StudioSettings, check_address_and_key
from seeds.base.errors import InputError, missing_extra

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

MINIMUM = (1, 23, 2)  # earlier servers carry SSRF, XSS and token-leak CVEs


class Studio:
    """A connection to a Label Studio server, as one of its users.

    Attributes:
        url: the server's address.
        settings: time-out, retries, batch size.
        email: of the user.
        user: the server's id of that user; 0 if it gave none.
        sdk: the SDK's client, whose calls go through `read` and `write`.
    """

    def __init__(self, client: "LabelStudio", url: str, settings: StudioSettings) -> None:
        self.url = url
        self.settings = settings
        self.email = ""
        self.user = 0
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
        link = self._invitation_page()
        return str(self.write("the sign-up", sign_up, self.url, link, email, password).value)

    def invitation(self) -> str:
        """Return the link at which whoever has it can sign up.

        Raises:
            InputError: the server does not tell.
        """
        return f"{self.url}/{self._invitation_page().lstrip('/')}"

    def _invitation_page(self) -> str:
        """Return the path of the page to sign up, with its token, whatever host it names."""
        invites = self.sdk.organizations.invites
        link = self.read("the invitation link", invites.get_invite_link).get("invite_url", str)
        return urlsplit(link)._replace(scheme="", netloc="").geturl()

    def read(self, subject: str, call: Callable[..., Any], *args: Any, **options: Any) -> Answer:
        """Call the SDK for something that changes nothing; try again where that may help.

        Args:
            subject: what is asked for, named in errors.
            call: a method of the SDK.
            args, options: its arguments.

        Raises:
            InputError: the server is down, fails, refuses, or answers what Label Studio does not;
                see `labels.studio.errors`.
        """
        return self._call(self.settings.retries, subject, lambda: call(*args, **options))

    def write(self, subject: str, call: Callable[..., Any], *args: Any, **options: Any) -> Answer:
        """Call the SDK for a change, once; the arguments are those of read.

        Raises:
            UnsureError: the change may have been made.
            InputError: it is refused.
        """
        return self._call(0, subject, lambda: call(*args, **options))

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request for which the SDK has no method; to be passed to read or write."""
        from label_studio_sdk.core.api_error import ApiError

        wrapper = self.sdk._client_wrapper
        answer = wrapper.httpx_client.request(path, method=method, json=body)
        if answer.is_error:
            raise ApiError(status_code=answer.status_code, headers=dict(answer.headers))
        return answer.json() if answer.content else None

    def _call(self, retries: int, subject: str, call: Callable[[], Any]) -> Answer:
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        try:
            return Answer(_attempt(retries, call), f"{self.url}: {subject}")
        except InputError:
            raise
        except (ApiError, TransportError) as error:
            timeout = self.settings.timeout
            raise errors.request_error(self.url, error, subject, timeout) from error
        except Exception as error:  # whatever the SDK meets with in what it did not expect
            raise errors.unreadable_error(self.url, subject) from error

    def _identify(self, key: str) -> None:
        """Ask whose key this is, and which version the server runs.

        Raises:
            InputError: see connect.
        """
        from httpx import TransportError
        from label_studio_sdk.core.api_error import ApiError

        retries = self.settings.retries
        try:
            user = _attempt(retries, self.sdk.users.whoami, connected=False)
            version = _attempt(retries, self.sdk.versions.get)
        except InputError:
            raise
        except TransportError as error:
            timeout = self.settings.timeout
            raise errors.request_error(self.url, error, "the user", timeout) from error
        except Exception as error:
            if isinstance(error, ApiError) and error.status_code in (401, 403):
                raise errors.key_error(self.url, key, error) from error
            raise errors.address_error(self.url, error) from error
        answer = Answer(user, f"{self.url}: the user")
        self.email, self.user = answer.get("email", str), answer.get("id", int, 0)
        release = Answer(version, f"{self.url}: the version").get("release", str)
        numbers = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", release, re.ASCII)
        if not numbers or tuple(map(int, numbers.groups())) < MINIMUM:
            raise InputError(
                f"{self.url}: runs Label Studio {release[:20]}, which has known security holes. "
                f"Upgrade it to {'.'.join(map(str, MINIMUM))} or later."
            )


def _attempt(retries: int, call: Callable[[], Any], *, connected: bool = True) -> Any:
    """Return the outcome of a call, after more attempts where they may help.

    Args:
        retries: how many more, with growing pauses.
        call: asks the server.
        connected: whether the server answered before; one that is not there is not asked again.
    """
    from httpx import TransportError
    from label_studio_sdk.core.api_error import ApiError

    for attempt in itertools.count():
        try:
            with warnings.catch_warnings():  # of the SDK, about types, which are checked here
                warnings.simplefilter("ignore")
                return call()
        except (ApiError, TransportError) as error:
            delay = errors.retry_delay(error, attempt) if attempt < retries else None
            if delay is None or (isinstance(error, TransportError) and not connected):
                raise
        time.sleep(delay)
    raise AssertionError
