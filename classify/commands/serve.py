"""`classify serve`."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from classify.options import runtime_options, workspace_option
from seeds.base.errors import missing_extra
from seeds.base.settings import read_override, workspace_path

if TYPE_CHECKING:
    from training.runtime import Runtime

_MODULES = ("fastapi", "httptools", "multipart", "prometheus_client", "uvicorn")


@click.command()
@click.option("--run", help="Name or folder of a run.  [default: whichever run is current]")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8000]"
)
@click.option(
    "--queue", type=click.IntRange(1), help="Maximum number of open requests.  [default: 256]"
)
@click.option(
    "--max-batch", type=click.IntRange(1, 1024), help="Maximum texts in a batch.  [default: 32]"
)
@click.option(
    "--batch-wait",
    type=click.FloatRange(0, 1000),
    help="Milliseconds a batch waits for more texts.  [default: 2]",
)
@click.option("--max-body", help="Maximum size of a request.  [default: 10MB]")
@runtime_options
@workspace_option
def serve(
    run: str | None,
    host: str | None,
    port: int | None,
    queue: int | None,
    max_batch: int | None,
    batch_wait: float | None,
    max_body: str | None,
    workspace: Path | None,
    runtime: "Runtime",
) -> None:
    """Serve predictions over HTTP: an API, a web page, and Label Studio's ML backend.

    The page is at / and the API at /v1, described by /openapi.json. A run promoted meanwhile takes
    over without a pause, and its predictions replace those shown to annotators. With --run, that
    run keeps answering, and the predictions in Label Studio stay as they are. Ctrl-C or SIGTERM
    ends the service once the accepted requests are answered.

    With CLASSIFY_API_KEY set, /v1 and /metrics require `Authorization: Bearer KEY`. Listening on
    an address that other machines can reach requires the key.
    """
    _check_extra()
    from classify.serving.service import Service, check_key
    from classify.serving.settings import ServeSettings

    folder = workspace_path(workspace)
    options = {
        "host": host,
        "port": port,
        "queue": queue,
        "max_batch": max_batch,
        "batch_wait": batch_wait,
        "max_body": max_body,
    }
    settings = replace(
        read_override(folder, "serve.toml", ServeSettings),
        **{name: value for name, value in options.items() if value is not None},  # type: ignore[arg-type]
    )
    key = check_key(settings.host, os.environ.get("CLASSIFY_API_KEY", ""))
    if Service(folder, settings, runtime, run, key).serve() == signal.SIGINT:
        click.get_current_context().exit(130)


def _check_extra() -> None:
    """Refuse to start without the extra.

    Raises:
        InputError: the extra is missing.
    """
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in _MODULES):
        raise missing_extra("serve", "Serving")
