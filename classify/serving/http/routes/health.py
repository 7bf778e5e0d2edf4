"""/health and /metrics: for monitors and Prometheus."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from classify.serving.http import schemas
from classify.serving.http.metrics import CONTENT_TYPE
from classify.serving.http.problems import problem
from classify.serving.http.state import state_of

router = APIRouter()


@router.get(
    "/health/live",
    operation_id="live",
    summary="Tell whether the service runs",
    responses=schemas.problems(400, 403),
)
async def live() -> schemas.Health:
    """Return 200 as long as the service runs."""
    return schemas.Health(status="live")


@router.get(
    "/health/ready",
    operation_id="ready",
    summary="Tell whether texts are answered",
    response_model=schemas.Health,
    responses=schemas.problems(400, 403, 503),
)
async def ready(request: Request) -> Any:
    """Return 200 while texts are answered, and 503 while the model is reloaded or at the end."""
    engine = state_of(request).engine
    if engine.ready:
        return schemas.Health(status="ready")
    return problem(503, f"the service {engine.state}.", headers={"retry-after": "2"})


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Give figures to Prometheus",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **schemas.problems(400, 401, 403),
    },
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Return counters, timings and the length of the queue in the text format of Prometheus."""
    state = state_of(request)
    gauges = {
        "classify_queue_texts": state.engine.waiting_texts,
        "classify_requests_inside": state.engine.active_requests,
        "classify_ready": float(state.engine.ready),
    }
    return Response(state.measures.render(gauges), media_type=CONTENT_TYPE)
