"""HTTP with a Label Studio server: an answer is read whole, within a time and a size."""

import contextlib
import queue
import threading
import time
from typing import Any

import httpx

from labels.server.answers import TooLargeError, unexpected

# Bytes of one answer, uncompressed. The largest are pages of tasks, and those that would be larger
# are asked for in smaller ones.
MAX_ANSWER = 64 << 20
CONNECT_SECONDS = 10
# A chunk grows at most a thousandfold by these; other encodings, or several at once, have no bound.
_ENCODINGS = ("", "identity", "gzip", "deflate")
_OF_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")

_Outcomes = queue.SimpleQueue[httpx.Response | BaseException]


class Session(httpx.Client):
    """A client for one server, which stores cookies, checks TLS and follows no redirect.

    httpx limits the time between two packets; here a whole answer has a deadline, so that a server
    that sends a byte now and then holds nobody up.
    """

    def __init__(self, url: str, seconds: float) -> None:
        """Set up.

        Args:
            url: the server's address; no proxy is used for one on loopback. SSL_CERT_FILE may name
                the certificates that are trusted.
            seconds: how long an answer may take, from the request to its last byte.
        """
        direct = dict.fromkeys(("all://127.0.0.1", "all://[::1]", "all://localhost"))
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        headers = {"Accept-Encoding": "gzip, deflate"}
        super().__init__(base_url=url, timeout=timeout, mounts=direct, headers=headers)
        self._url, self._seconds = url, seconds

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; return the answer, complete even if it was to be streamed.

        Raises:
            httpx.TransportError: there is no answer, or it is not complete in time.
            TooLargeError: the answer is too large.
            InputError: it is compressed as nobody asked for.
        """
        outcomes: _Outcomes = queue.SimpleQueue()
        arguments = (request, options, outcomes)
        # A thread of its own, for no limit of httpx covers headers that come byte by byte.
        threading.Thread(target=self._receive, args=arguments, daemon=True).start()
        try:
            outcome = outcomes.get(timeout=self._seconds)
        except queue.Empty:
            raise self._late(request) from None
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _receive(
        self, request: httpx.Request, options: dict[str, Any], outcomes: _Outcomes
    ) -> None:
        """Put the answer, or what went wrong, where it is waited for."""
        try:
            deadline = time.monotonic() + self._seconds
            answer = super().send(request, **{**options, "stream": True})
            with contextlib.closing(answer):
                outcomes.put(self._read(answer, deadline))
        except BaseException as error:
            outcomes.put(error)

    def _read(self, answer: httpx.Response, deadline: float) -> httpx.Response:
        """Return an answer with its body, uncompressed."""
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise unexpected(self._url, f"an answer compressed by {encoding[:20]}")
        chunks, size = [], 0
        for chunk in answer.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER:
                what = f"an answer of more than {MAX_ANSWER >> 20} MB"
                raise TooLargeError(str(unexpected(self._url, what)))
            if time.monotonic() > deadline:
                raise self._late(answer.request)
        headers = [pair for pair in answer.headers.raw if pair[0].lower() not in _OF_TRANSFER]
        body = b"".join(chunks)
        return httpx.Response(
            answer.status_code, headers=headers, content=body, request=answer.request
        )

    def _late(self, request: httpx.Request) -> httpx.ReadTimeout:
        return httpx.ReadTimeout(f"not complete after {self._seconds:g} s", request=request)
