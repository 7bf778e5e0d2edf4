"""What goes over the wire: requests, answers and problems, as OpenAPI shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TEXTS = 256  # in one request; more come sooner in several, or by `classify predict`
EXPLAINED = 16  # of them with an explanation, which costs an encoder some dozen passes

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
        False, description=f"Say which words counted; at most {EXPLAINED} texts at once."
    )
    all: bool = Field(False, description="Every category's probability, not only those near.")


class Explanation(BaseModel):
    """Which parts of the text spoke for and against each category."""

    method: Literal["exact", "occlusion"] = Field(
        description="exact: biases and contributions sum to the logits. occlusion: what the logit "
        "loses when the part is left out."
    )
    parts: list[str] = Field(description="Joined, the text as the model read it.")
    logits: dict[str, float] = Field(description="Calibrated log-odds of each category shown.")
    biases: dict[str, float] | None = Field(description="Of an exact explanation.")
    contributions: dict[str, list[float]] = Field(
        description="A number a part: positive spoke for the category, negative against it."
    )


class Answer(BaseModel):
    """The categories of one text."""

    categories: list[str] = Field(description="Ids of those that hold, most probable first.")
    probabilities: dict[str, float] = Field(description="Calibrated; those near, or all.")
    decision: Decision = Field(
        description="accepted; needs review: a person should look; none: surely no category."
    )
    note: str = Field(description="What a person should know of this text, or empty.")
    explanation: Explanation | None


class FileAnswer(Answer):
    """The categories of one article of a file."""

    id: str = Field(description="Its own id, else the hash of its text.")
    source: str = Field(description="The file, and the number of the record in it.")


class Predictions(BaseModel):
    """An answer a text, in order."""

    run: str = Field(description="The run that answered.")
    predictions: list[Answer]


class Rejected(BaseModel):
    """A record that could not be read."""

    where: str
    message: str


class FilePredictions(BaseModel):
    """An answer an article, in order, and what could not be read."""

    run: str
    predictions: list[FileAnswer]
    rejected: list[Rejected]


class CategoryFacts(BaseModel):
    """A category."""

    id: str
    fr: str
    en: str
    iptc: str = Field(description="IPTC Media Topic, or empty.")
    threshold: float = Field(description="Probability from which it holds; multiple choice only.")


class Categories(BaseModel):
    """The categories of the run that answers now."""

    run: str
    choice: Literal["multiple", "single"]
    categories: list[CategoryFacts]


class RetrainingFacts(BaseModel):
    """How far the next training is."""

    annotations: int = Field(description="New ones since the last training that the service began.")
    wanted: int = Field(description="From so many on a training starts; 0: never.")
    state: str = Field(description="waiting, running or failed.")
    last: str = Field(description="What came of the last training, or empty.")


class CurrentRun(BaseModel):
    """The run that answers now."""

    run: str
    kind: str
    created: str
    articles: int = Field(description="That it learned from.")
    base_model: str
    computing: str = Field(description="What an encoder computes in, or empty.")
    retraining: RetrainingFacts | None


class Health(BaseModel):
    """Whether the service is well."""

    status: Literal["live", "ready"]


class Place(BaseModel):
    """Where in the request something is wrong."""

    where: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 tells it."""

    type: str
    title: str
    status: int
    detail: str
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
    403: "The Host header is not of this machine.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The content type is not one of this route's.",
    422: "The request is not as it must be; `errors` says where.",
    503: "No room now, or the model is being loaded again.",
}
