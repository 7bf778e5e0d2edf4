"""What goes over the wire: requests, answers and problems, as OpenAPI shows them."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TEXTS = 256  # in one request; more come sooner in several, or by `classify predict`
EXPLAINED = 16  # of them with an explanation, which costs an encoder some dozen passes
EXPLAINED_CHARACTERS = 200_000  # of those together; one alone may be longer

_RUN = "20261127-101500-tfidf-1a2b3c4d"  # as examples name it

Decision = Literal["accepted", "needs review", "none"]
Text = Annotated[
    str,
    StringConstraints(min_length=1, pattern=r"\S"),
    Field(description="An article. Not only white space."),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PredictRequest(_Strict):
    """One text or many."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"explain": {"const": True}}, "required": ["explain"]},
            "then": {"properties": {"text": {"maxItems": EXPLAINED}}},
        }
    )

    text: Text | Annotated[list[Text], Field(min_length=1, max_length=TEXTS)]
    explain: bool = Field(
        False,
        description=f"Say which words counted; at most {EXPLAINED} texts at once, and of several "
        f"{EXPLAINED_CHARACTERS:,} characters.",
    )
    all: bool = Field(False, description="Every category's probability, not only those near.")


class Explanation(BaseModel):
    """Which parts of the text spoke for and against each category."""

    method: Literal["exact", "occlusion"] = Field(
        description="exact: biases and contributions sum to the logits. occlusion: what the logit "
        "loses when the part is left out.",
        examples=["exact"],
    )
    parts: list[str] = Field(
        description="Joined, the text as the model read it.", examples=[["Le ", "film ", "sort."]]
    )
    logits: dict[str, float] = Field(
        description="Calibrated log-odds of each category shown.", examples=[{"cinema": 2.1}]
    )
    biases: dict[str, float] | None = Field(
        description="Of an exact explanation.", examples=[{"cinema": -0.9}]
    )
    contributions: dict[str, list[float]] = Field(
        description="A number a part: positive spoke for the category, negative against it.",
        examples=[{"cinema": [-0.1, 2.8, 0.3]}],
    )


class Answer(BaseModel):
    """The categories of one text."""

    categories: list[str] = Field(
        description="Ids of those that hold, most probable first.", examples=[["cinema"]]
    )
    probabilities: dict[str, float] = Field(
        description="Calibrated; those near, or all.", examples=[{"cinema": 0.89}]
    )
    decision: Decision = Field(
        description="accepted; needs review: a person should look; none: surely no category.",
        examples=["accepted"],
    )
    note: str = Field(
        description="What a person should know of this text, or empty.", examples=[""]
    )
    explanation: Explanation | None


class FileAnswer(Answer):
    """The categories of one article of a file."""

    id: str = Field(description="Its own id, else the hash of its text.", examples=["depeche-17"])
    source: str = Field(
        description="The file, and the number of the record in it.", examples=["depeches.csv:17"]
    )
    title: str = Field(
        description="Its title, else its first line, cut short.",
        examples=["Cannes ouvre ses portes"],
    )


class Predictions(BaseModel):
    """An answer a text, in order."""

    run: str = Field(description="The run that answered.", examples=[_RUN])
    predictions: list[Answer]


class Rejected(BaseModel):
    """A record that could not be read."""

    where: str = Field(examples=["depeches.csv:18"])
    message: str = Field(examples=["is empty."])


class FilePredictions(BaseModel):
    """An answer an article, in order, and what could not be read."""

    run: str = Field(description="The run that answered.", examples=[_RUN])
    predictions: list[FileAnswer]
    rejected: list[Rejected]


class CategoryFacts(BaseModel):
    """A category."""

    id: str = Field(examples=["cinema"])
    fr: str = Field(description="Its name in French.", examples=["Cinéma"])
    en: str = Field(description="Its name in English.", examples=["Cinema"])
    iptc: str = Field(description="IPTC Media Topic, or empty.", examples=["medtop:20000005"])
    threshold: float = Field(
        description="Probability from which it holds; multiple choice only.", examples=[0.42]
    )


class Categories(BaseModel):
    """The categories of the run that answers now."""

    run: str = Field(examples=[_RUN])
    choice: Literal["multiple", "single"] = Field(
        description="multiple: each holds or not; single: exactly one holds.", examples=["multiple"]
    )
    categories: list[CategoryFacts]


class RetrainingFacts(BaseModel):
    """How far the next training is."""

    annotations: int = Field(
        description="New ones since the last training that the service began.", examples=[12]
    )
    wanted: int = Field(description="From so many on a training starts; 0: never.", examples=[50])
    state: str = Field(description="waiting, running or failed.", examples=["waiting"])
    last: str = Field(description="What came of the last training, or empty.", examples=[""])


class CurrentRun(BaseModel):
    """The run that answers now."""

    run: str = Field(examples=[_RUN])
    kind: str = Field(description="Of model.", examples=["tfidf"])
    created: str = Field(examples=["2026-11-27T10:15:00Z"])
    articles: int = Field(description="That it learned from.", examples=[146])
    base_model: str = Field(description="Of an encoder, or empty.", examples=[""])
    computing: str = Field(description="What an encoder computes in, or empty.", examples=[""])
    retraining: RetrainingFacts | None


class Health(BaseModel):
    """Whether the service is well."""

    status: Literal["live", "ready"]


class Place(BaseModel):
    """Where in the request something is wrong."""

    where: str = Field(examples=["text"])
    message: str = Field(examples=["is only white space"])


class Problem(BaseModel):
    """An error, as RFC 9457 tells it."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="What the status is called.", examples=[HTTPStatus(422).phrase])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="What is wrong and what to do.",
        examples=['send {"text": "…"} or {"text": ["…", …]}, with "explain" and "all" if wished.'],
    )
    errors: list[Place] = Field([], description="Where in the request, if that is known.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route for OpenAPI."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        found[status] = {"description": _PROBLEMS[status], "content": content}
        if status == 503:
            found[status]["headers"] = {
                "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}
            }
    return found


_PROBLEMS = {
    400: "The body is not what its content type says.",
    401: "The key is missing or wrong.",
    403: "The Host header is not of this machine, or another site's page asks; without a key.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The content type is not one of this route's, or the body is compressed.",
    422: "The request is not as it must be; `errors` says where.",
    503: "No room now, or the model is being loaded again.",
}
