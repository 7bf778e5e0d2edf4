"""The command line: one lazily loaded command (group) a line of COMMANDS."""

import errno
import os
import pkgutil
import signal
import sys
from typing import Any, NoReturn

import click

from classify.options import Commands
from classify.terminal import escape
from seeds.base.errors import InputError

# name -> where it lives, what it does: `classify --help` imports none of them.
COMMANDS = {
    "demo": ("classify.commands.demo:demo", "The whole loop on the sample corpus, for real."),
    "seeds": ("classify.commands.seeds:seeds", "Collect articles: add, list, stats."),
    "labels": (
        "classify.commands.labels:labels",
        "Label them in Label Studio: server, push, pull, status, import, connect.",
    ),
    "train": ("classify.commands.train:train", "Train a model on the agreed labels."),
    "evaluate": ("classify.commands.evaluate:evaluate", "Measure a run on labelled articles."),
    "compare": ("classify.commands.compare:compare", "Say whether a run is better than another."),
    "runs": (
        "classify.commands.runs:runs",
        "Trained models: list, show, promote, rollback, verify, export.",
    ),
    "predict": ("classify.commands.predict:predict", "Label articles with a trained model."),
    "serve": ("classify.commands.serve:serve", "Answer over HTTP: API, page, ML backend."),
}

READER_LEFT = 128 + signal.SIGPIPE  # as of any program in `… | head -1`: neither done nor at fault


class LazyGroup(Commands):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order people use them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None if there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = pkgutil.resolve_name(COMMANDS[cmd_name][0])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the user can fix becomes one line and exit code 1."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise click.ClickException(escape(str(error))) from error
        except BrokenPipeError as error:  # click's own answer is 1, which asks for mending
            _drop_output()
            raise click.exceptions.Exit(READER_LEFT) from error


def _drop_output() -> None:
    """What is not written yet goes nowhere: Python would complain of it at exit."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="classify-presse", prog_name="classify")
def cli() -> None:
    """Label French news articles by category.

    Articles go to Label Studio, annotators give each its categories, a model learns from them and
    labels every new article. Start with `classify demo`.
    """


def main() -> NoReturn:
    """The console script; Ctrl-C ends it with exit code 130."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. What was finished is kept; run it again to go on.", err=True)
        code = 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to flush
        click.echo(f"Error: standard output: {error.strerror}. Free some space.", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
