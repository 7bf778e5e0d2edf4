"""Puts the routes, the answers to errors, the limits and the metrics together."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from classify.serving.http.errors import answer_errors
from classify.serving.http.limits import LimitedApp
from classify.serving.http.metrics import MeasuredApp
from classify.serving.http.openapi import DESCRIPTION, complete_openapi
from classify.serving.http.routes import health, predict, run
from classify.serving.http.routes.page import page_router
from classify.serving.http.state import ServiceState
from seeds.base.errors import DISTRIBUTION


def build_application(state: ServiceState, routers: Sequence[APIRouter] = ()) -> Any:
    """Return the ASGI application, with further routers if there are any."""
    app = FastAPI(
        title="classify",
        version=metadata.version(DISTRIBUTION),
        description=DESCRIPTION,
        docs_url=None,  # these pages load scripts from another host
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat the address, which may hold a secret
    )
    app.state.service = state
    routers = (predict.router, run.router, health.router, page_router(), *routers)
    for router in routers:
        app.include_router(router)
    answer_errors(app)
    complete_openapi(app, key=bool(state.limits.key))
    routes = [route for router in routers for route in router.routes if isinstance(route, Route)]
    paths = {route.path for route in routes if "{" not in route.path} | {"/openapi.json"}
    engine = state.engine
    limited = LimitedApp(
        _HeadApp(app), state.limits, lambda: engine.retry_after if engine.full else 0
    )
    return MeasuredApp(limited, state.measures, paths)


class _HeadApp:
    """The ASGI application, answering HEAD like GET; the server leaves out the body."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on."""
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
