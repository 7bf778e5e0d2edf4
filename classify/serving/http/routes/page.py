"""The page at / and its files."""

import hashlib
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import Response

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def page_router() -> APIRouter:
    """Return routes to the files of the page, which are read once."""
    router = APIRouter()
    for file in (resources.files("classify.serving") / "page").iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        _add_file(router, path, file.read_bytes(), _TYPES[file.name.rpartition(".")[2]])
    return router


def _add_file(router: APIRouter, path: str, content: bytes, media_type: str) -> None:
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {**_HEADERS, "etag": tag}

    async def send_file(request: Request) -> Response:
        """Return the file, or 304 to a browser that has it."""
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    router.add_api_route(path, send_file, methods=["GET"], include_in_schema=False)
