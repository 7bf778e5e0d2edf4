"""Errors as RFC 9457 defines them: application/problem+json."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error as an ASGI response.

    Args:
        status: the HTTP status.
        detail: what is wrong and what to do.
        errors: where in the request, {"where", "message"} each.
        headers: further headers to send.
    """
    record: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        record["errors"] = [dict(error) for error in errors]
    content = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, dict(headers or {}), MEDIA_TYPE)
