"""/v1/categories and /v1/runs/current: the run that answers."""

from fastapi import APIRouter, Request

from classify.serving.http import schemas
from classify.serving.http.state import state_of

router = APIRouter(prefix="/v1")


@router.get(
    "/categories",
    operation_id="categories",
    summary="List the categories",
    responses=schemas.problems(400, 401, 403),
)
async def categories(request: Request) -> schemas.Categories:
    """Return the categories of the run that answers now, with their thresholds."""
    run = state_of(request).engine.run
    facts = [
        schemas.CategoryFacts(
            id=category.id,
            fr=category.fr,
            en=category.en,
            iptc=category.iptc,
            threshold=threshold,
        )
        for category, threshold in zip(run.taxonomy.categories, run.thresholds, strict=True)
    ]
    return schemas.Categories(run=run.name, choice=run.taxonomy.choice, categories=facts)


@router.get(
    "/runs/current",
    operation_id="current_run",
    summary="Describe the current run and the next training",
    responses=schemas.problems(400, 401, 403),
)
async def current_run(request: Request) -> schemas.CurrentRun:
    """Return the run that answers now, and the state of the next training."""
    state = state_of(request)
    run, retraining = state.engine.run, state.retraining()
    return schemas.CurrentRun(
        run=run.name,
        kind=run.kind,
        created=run.created,
        articles=run.articles,
        base_model=run.base_model,
        computing=run.computing,
        left_out=list(run.left_out),
        retraining=schemas.RetrainingFacts(**retraining) if retraining else None,
    )
