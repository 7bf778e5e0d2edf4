"""The process that holds the model, so that the service stays awake while it computes.

    python -m classify.serving.model.worker RUN RUNTIME     RUNTIME: a Runtime as JSON

Its first frame says which run it is, or why there is none. Then each frame gets an answer:

    [{"text", "every"}, …]                     an answer each
    {"explain": 7, "text", "every", "forget"}  the answer, explained, or {"more": true}
    {"explain": 7, "forget": [5, …]}           the same, a step further; nobody waits for 5

It ends with the service, however that ends.
"""

import json
import sys
import traceback
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classify.prediction.records import unread
from classify.serving.model import frames
from seeds.base.errors import InputError
from seeds.base.surrogates import replace_surrogates
from seeds.clean import clean
from training.decision import Prediction
from training.runs.run import Run, load_run
from training.runtime import Runtime

Steps = Generator[None, None, dict[str, Any]]

_EMPTY = "nothing is left of it once invisible characters and credits are taken off"


def main() -> None:
    """Load the run that is named, and answer until the pipe ends."""
    run, runtime = sys.argv[1:]
    send = frames.sender()
    try:
        loaded = load_run(Path(run), Runtime(**json.loads(runtime)))
    except InputError as error:
        send({"fault": str(error)})
        return
    send(described(loaded))
    explaining: dict[int, Steps] = {}
    while (asked := frames.read(sys.stdin.buffer)) is not None:
        send(guarded(loaded, asked) if isinstance(asked, list) else step(loaded, asked, explaining))


def described(run: Run) -> dict[str, Any]:
    """What the service must know of a run."""
    facts = run.facts
    return {
        "name": run.name,
        "kind": facts.kind,
        "created": facts.created,
        "articles": facts.articles,
        "base_model": Path(facts.base_model).name,
        "computing": run.model.computing,
        "taxonomy": asdict(run.taxonomy),
        "thresholds": list(run.rule.thresholds),
    }


def guarded(run: Run, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answer to each text; where a bug of ours stands in the way of one, {"bug": why}."""
    try:
        return answers(run, asked)
    except Exception:
        if len(asked) > 1:  # the others have nothing to do with it
            return [answer for each in asked for answer in guarded(run, [each])]
        return [{"bug": traceback.format_exc()}]


def answers(run: Run, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answer to each text.

    Args:
        run: the model.
        asked: {"text", "every"} each; see `Engine.answers`.
    """
    texts = [_cleaned(each["text"]) for each in asked]
    return [
        _answer(text, prediction, every=each["every"])
        for text, prediction, each in zip(texts, run.predict(texts), asked, strict=True)
    ]


def step(run: Run, asked: dict[str, Any], explaining: dict[int, Steps]) -> dict[str, Any]:
    """Go on with an explanation, or begin it: the answer once it is whole, else {"more": True}.

    explaining: those that are begun, by number.
    """
    for number in asked["forget"]:
        explaining.pop(number, None)
    number = asked["explain"]
    if "text" in asked:
        explaining[number] = _explained(run, asked["text"], every=asked["every"])
    try:
        next(explaining[number])
    except StopIteration as end:
        del explaining[number]
        answer: dict[str, Any] = end.value
        return answer
    except Exception:
        del explaining[number]
        return {"bug": traceback.format_exc()}
    return {"more": True}


def _cleaned(text: str) -> str:
    return clean(replace_surrogates(text.replace("\0", " "))).text


def _answer(text: str, prediction: Prediction, *, every: bool) -> dict[str, Any]:
    shown = prediction.probabilities if every else prediction.shown
    empty = not text.strip()
    return {
        "categories": list(prediction.categories),
        "probabilities": {name: round(p, 6) for name, p in shown.items()},
        "decision": "needs review" if empty else prediction.decision,
        "note": _EMPTY if empty else unread(text),
        "explanation": None,
    }


def _explained(run: Run, text: str, *, every: bool) -> Steps:
    from training.explain import explain_in_steps

    text = _cleaned(text)
    found = yield from explain_in_steps(run.model, text)
    (prediction,) = run.rule.predictions(found.logits[None])
    answer = _answer(text, prediction, every=every)
    record = found.record(run.rule.categories, list(answer["probabilities"]))
    return {**answer, "explanation": record}


if __name__ == "__main__":
    main()
