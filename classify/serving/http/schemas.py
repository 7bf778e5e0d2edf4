"""Requests, answers and problems, as the API takes and gives them and OpenAPI documents them."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TEXTS = 256  # in a request; more are faster in several requests, or with `classify predict`
EXPLAINED = 16  # texts with an explanation, each of which takes an encoder dozens of passes
EXPLAINED_CHARACTERS = 200_000  # of several such texts together; a single one may be longer
# Of files, by the names that programs and people give them; in upper or lower case.
ENCODINGS = (
    *("utf-8", "utf8", "utf-8-sig", "utf-16", "utf-16le", "utf-16be", "utf-16-le", "utf-16-be"),
    *("utf-32", "ascii", "cp1252", "windows-1252", "latin-1", "latin1", "iso-8859-1", "iso8859-1"),
    *("latin9", "iso-8859-15", "iso8859-15", "mac-roman", "macroman", "cp850", "cp858", "cp437"),
    *("cp1250", "windows-1250", "iso-8859-2", "iso8859-2"),
)

_RUN = "20261127-101500-tfidf-1a2b3c4d"  # the run of the examples

Decision = Literal["accepted", "needs review", "none"]
Text = Annotated[
    str,
    StringConstraints(min_length=1, pattern=r"\S"),
    Field(
        description="An article. White space alone is refused, so is NUL, and so is what is surely "
        "something else: an e-mail, a feed, JSON.",
        json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"},
    ),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PredictRequest(_Strict):
    """One text or several, and what to answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"explain": {"const": True}}, "required": ["explain"]},
            "then": {"properties": {"text": {"maxItems": EXPLAINED}}},
        }
    )

    text: Text | Annotated[list[Text], Field(min_length=1, max_length=TEXTS)]
    explain: bool = Field(
        False,
        description="Say which words counted. Allowed for one text, or for up to "
        f"{EXPLAINED} texts of {EXPLAINED_CHARACTERS:,} characters in all.",
    )
    all: bool = Field(
        False,
        description="Give the probability of every category, not only of the most probable ones.",
    )


class Explanation(BaseModel):
    """The parts of the text, and how much each counted for or against each category."""

    method: Literal["exact", "occlusion"] = Field(
        description="exact: the bias and the contributions add up to the logit. occlusion: each "
        "contribution is what the logit loses when the part is left out.",
        examples=["exact"],
    )
    parts: list[str] = Field(
        description="The text as the model read it, in parts.", examples=[["Le ", "film ", "sort."]]
    )
    logits: dict[str, float] = Field(
        description="Calibrated log-odds of each category in probabilities.",
        examples=[{"cinema": 2.1}],
    )
    biases: dict[str, float] | None = Field(
        description="Where the sum starts, for each category; only with exact.",
        examples=[{"cinema": -0.9}],
    )
    contributions: dict[str, list[float]] = Field(
        description="For each category, a number per part: positive counts for the category, "
        "negative against it.",
        examples=[{"cinema": [-0.1, 2.8, 0.3]}],
    )


class Answer(BaseModel):
    """The categories of one text."""

    categories: list[str] = Field(
        description="Ids of the predicted categories, most probable first.", examples=[["cinema"]]
    )
    probabilities: dict[str, float] = Field(
        description="Calibrated, by category: the most probable ones, or all.",
        examples=[{"cinema": 0.89}],
    )
    decision: Decision = Field(
        description="accepted: sure enough to go without review. needs review: a person should "
        "look. none: surely no category; never from a run that left categories out.",
        examples=["accepted"],
    )
    note: str = Field(
        description="A remark on the text, such as another script; or empty.", examples=[""]
    )
    explanation: Explanation | None


class FileAnswer(Answer):
    """The categories of one article of a file."""

    id: str = Field(
        description="The article's own id, else the hash of its text.", examples=["depeche-17"]
    )
    source: str = Field(
        description="The file and the number of the record in it.", examples=["depeches.csv:17"]
    )
    title: str = Field(
        description="The article's title, else its first line, cut short.",
        examples=["Cannes ouvre ses portes"],
    )


class Predictions(BaseModel):
    """One answer per text, in order."""

    run: str = Field(description="The run that answered.", examples=[_RUN])
    predictions: list[Answer]


class Rejected(BaseModel):
    """A record that could not be read."""

    where: str = Field(examples=["depeches.csv:18"])
    message: str = Field(examples=["is empty."])


class FilePredictions(BaseModel):
    """One answer per article, in order, and what could not be read."""

    run: str = Field(description="The run that answered.", examples=[_RUN])
    predictions: list[FileAnswer]
    rejected: list[Rejected]


class CategoryFacts(BaseModel):
    """A category and its threshold."""

    id: str = Field(examples=["cinema"])
    fr: str = Field(description="Its name in French.", examples=["Cinéma"])
    en: str = Field(description="Its name in English.", examples=["Cinema"])
    iptc: str = Field(description="IPTC Media Topic, or empty.", examples=["medtop:20000005"])
    threshold: float = Field(
        description="The probability from which the category is predicted; only if several may be.",
        examples=[0.42],
    )


class Categories(BaseModel):
    """The categories of the run that answers now."""

    run: str = Field(examples=[_RUN])
    choice: Literal["multiple", "single"] = Field(
        description="multiple: any number of categories per text. single: exactly one.",
        examples=["multiple"],
    )
    categories: list[CategoryFacts]


class RetrainingFacts(BaseModel):
    """The state of the next training."""

    annotations: int = Field(
        description="New annotations since the service last started a training.", examples=[12]
    )
    wanted: int = Field(
        description="New annotations that start a training; 0: never.", examples=[50]
    )
    state: str = Field(description="waiting, running or failed.", examples=["waiting"])
    last: str = Field(description="The outcome of the last training, or empty.", examples=[""])


class CurrentRun(BaseModel):
    """The run that answers now."""

    run: str = Field(examples=[_RUN])
    kind: str = Field(description="The kind of model.", examples=["tfidf"])
    created: str = Field(examples=["2026-11-27T10:15:00Z"])
    articles: int = Field(description="Articles in the training set.", examples=[146])
    base_model: str = Field(description="The base model of an encoder, or empty.", examples=[""])
    computing: str = Field(
        description="The precision or runtime in which an encoder computes, or empty.",
        examples=[""],
    )
    left_out: list[str] = Field(
        description="Categories left out of training. With any, a text without a predicted "
        "category needs review, since it may have one of these.",
        examples=[["museum"]],
    )
    retraining: RetrainingFacts | None


class Health(BaseModel):
    """The health of the service."""

    status: Literal["live", "ready"]


class Place(BaseModel):
    """A place in the request, and what is wrong there."""

    where: str = Field(examples=["text"])
    message: str = Field(examples=["is only white space"])


class Problem(BaseModel):
    """An error, as RFC 9457 defines it."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The name of the status.", examples=[HTTPStatus(422).phrase])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="What is wrong and what to do.",
        examples=[
            'send {"text": "…"} or {"text": ["…", …]}, with "explain" and "all" if you wish.'
        ],
    )
    errors: list[Place] = Field([], description="The places in the request, if known.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the errors of a route, for OpenAPI."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        responses[status] = {"description": _PROBLEMS[status], "content": content}
        if status == 503:
            responses[status]["headers"] = {
                "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}
            }
    return responses


_PROBLEMS = {
    400: "The body does not match its content type, or Host is not the name of a host.",
    401: "The key is missing or wrong.",
    403: "The service has no key, and the Host header names another machine or the request comes "
    "from another site's page.",
    408: "The body did not arrive in time.",
    413: "The body is too large, holds too many values, or takes too long to read.",
    415: "This route does not take the content type, or the body is compressed.",
    422: "The request is not valid, or the model does not get through a text; `errors` says where.",
    503: "The service is busy or reloading its model; Retry-After says when to try again.",
}
