"""Options and groups that several commands share."""

import functools
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seeds.base.errors import InputError

if TYPE_CHECKING:
    from training.decision import Rule
    from training.runs.run import Run
    from training.runtime import Runtime

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Folder(click.Path):
    """A workspace folder. An empty name is refused: it comes from an unset shell variable."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the folder as a Path.

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


def add_options(*options: _Decorator) -> _Decorator:
    """Return a decorator that adds options and arguments, listed by --help in this order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        """Add the options to a command."""
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


text_format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
table_format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="Output format.",
)
file_encoding_option = click.option(
    "--encoding", help="Encoding of text files that are not UTF-8, such as cp1252."
)
max_size_option = click.option(
    "--max-size", default="20MB", show_default=True, help="Maximum size of one article."
)
_labelled_options = add_options(
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
    file_encoding_option,
    max_size_option,
)


def labelled_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name labelled articles; the command gets them as one `source`."""

    @_labelled_options
    @functools.wraps(command)
    def with_source(
        *args: Any,
        on: Path | None,
        text_columns: str,
        label_column: str,
        separator: str,
        encoding: str | None,
        max_size: str,
        **others: Any,
    ) -> Any:
        """Call the command with the six options as one argument."""
        from classify.terminal import size_in_bytes
        from classify.workspace.labelled import LabelledSource
        from labels.spreadsheet import Layout
        from seeds.reading.columns import parse_column_names

        layout = Layout(
            parse_column_names(text_columns),
            label_column,
            separator,
            encoding=encoding,
            max_bytes=size_in_bytes(max_size),
        )
        return command(*args, source=LabelledSource(on, layout), **others)

    return with_source


def runtime_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of where and how an encoder computes; the command gets one `runtime`."""

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
        **others: Any,
    ) -> Any:
        """Call the command with the four options as one argument."""
        from training.runtime import Runtime

        return command(*args, runtime=Runtime(device, batch_size, threads, dtype), **others)

    return with_runtime


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """The options of `classify predict`, by the names of its parameters."""

    paths: tuple[str, ...]
    form: str
    explained: bool
    output: Path | None
    resume: bool
    rejects: Path | None
    run: str | None
    every: bool
    recursive: bool
    text_columns: str | None
    id_column: str
    encoding: str | None
    max_size: str
    stdin_format: str
    engine: str
    master: str | None
    processes: int | None
    workspace: Path | None
    runtime: "Runtime"


def note_precision(run: "Run", runtime: "Runtime") -> None:
    """Print the precision a run's encoder computes in, where that was left to the machine."""
    from classify.terminal import say

    if run.model.computing and runtime.dtype == "auto":
        say(f"computing {run.model.computing}")


def note_left_out(run: str, rule: "Rule") -> None:
    """Print which categories a run left out and what follows, if there are any."""
    from classify.terminal import say

    if rule.caveat:
        say(f"{run} {rule.caveat}")


class Commands(click.Group):
    """A group that lists its commands in the order of use, also after a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of a name; an unknown name is answered with the list of commands."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}. Known: {', '.join(names)}.")
        return super().resolve_command(ctx, args)


class LazyGroup(Commands):
    """A group that imports a command when it is called, not when it is listed."""

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **options: Any) -> None:
        """Set up; the table has, for each name, where the command lives and what it does."""
        super().__init__(*args, **options)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order people use them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of this name."""
        if cmd_name not in self.table:
            return None
        command: click.Command = pkgutil.resolve_name(self.table[cmd_name][0])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])
