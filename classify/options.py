"""Options and groups that several commands share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seeds.base.errors import InputError

if TYPE_CHECKING:
    from training.runs.run import Run
    from training.runtime import Runtime

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Folder(click.Path):
    """A folder to work in. An empty name, as an unset variable of a shell gives, is refused."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The folder as a Path.

        Raises:
            InputError: the name is empty.
        """
        if value == "":
            raise InputError("--workspace is empty. Name a folder, or leave the option out.")
        return super().convert(value, param, ctx)


workspace_option = click.option(
    "--workspace",
    type=Folder(),
    help="Folder of articles, labels and runs.  [default: $CLASSIFY_WORKSPACE, else ./workspace]",
)


device_option = click.option(
    "--device", default="auto", show_default=True, help="Device of an encoder: cpu, cuda:1, mps."
)
threads_option = click.option(
    "--threads", type=click.IntRange(1), help="CPU threads of an encoder.  [default: all]"
)


def add_options(*options: Decorator) -> Decorator:
    """Return a decorator that adds options and arguments, listed by --help in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        """Add the options to a command."""
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


labelled_options = add_options(
    click.option(
        "--on",
        type=click.Path(path_type=Path),
        help="Labelled articles: CSV, TSV, JSONL or Parquet.  [default: the frozen test set]",
    ),
    click.option("--text-columns", default="", help="Columns of the text, in order: a,b."),
    click.option("--label-column", default="", help="Column of the categories."),
    click.option(
        "--separator", default=";", show_default=True, help="Separator of categories in a cell."
    ),
    click.option("--encoding", help="Encoding of a file that is not UTF-8, such as cp1252."),
    click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Format of the figures.",
    ),
)


def runtime_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where and how an encoder computes: --device, --batch-size … as one `runtime`."""

    @device_option
    @click.option(
        "--batch-size", type=click.IntRange(1), help="Windows an encoder computes at once."
    )
    @threads_option
    @click.option(
        "--dtype",
        type=click.Choice(["auto", "float32", "bfloat16", "float16", "int8"]),
        default="auto",
        show_default=True,
        help="Precision of an encoder; float32 is slower and exact.",
    )
    @functools.wraps(command)
    def with_runtime(
        *args: Any,
        device: str,
        batch_size: int | None,
        threads: int | None,
        dtype: str,
        **given: Any,
    ) -> Any:
        """The command, with the four options made one argument."""
        from training.runtime import Runtime

        return command(*args, runtime=Runtime(device, batch_size, threads, dtype), **given)

    return with_runtime


def tell_computing(run: "Run", runtime: "Runtime") -> None:
    """Say what a run's encoder computes in, where that was left to the machine."""
    from classify.terminal import say

    if run.model.computing and runtime.dtype == "auto":
        say(f"computing {run.model.computing}")


class Commands(click.Group):
    """A group that lists its commands in the order people use them, to one mistyped as well."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order they are written."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and an unknown name lists the known ones."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}. Known: {', '.join(known)}.")
        return super().resolve_command(ctx, args)
