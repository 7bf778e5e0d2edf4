"""The command line: one lazily loaded command (group) a line of COMMANDS."""

import errno
import os
import signal
import sys
from typing import Any, NoReturn

import click

from classify.options import LazyGroup
from classify.terminal import escape
from seeds.base.errors import InputError

# name -> (where it lives, what it does): `classify --help` imports no command.
COMMANDS = {
    "demo": ("classify.commands.demo:demo", "Run the whole loop on the sample corpus."),
    "seeds": ("classify.commands.seeds:seeds", "Collect articles: add, list, stats."),
    "labels": (
        "classify.commands.labels.group:labels",
        "Annotate in Label Studio: server, push, pull, status, import, connect.",
    ),
    "train": ("classify.commands.train:train", "Train a model on the agreed labels."),
    "evaluate": ("classify.commands.evaluate:evaluate", "Measure a run on labelled articles."),
    "compare": (
        "classify.commands.compare:compare",
        "Tell whether one run is better than another.",
    ),
    "runs": (
        "classify.commands.runs:runs",
        "Manage trained models: list, show, promote, rollback, verify, export.",
    ),
    "predict": ("classify.commands.predict:predict", "Label articles with a trained model."),
    "serve": (
        "classify.commands.serve:serve",
        "Serve predictions over HTTP: API, page, ML backend.",
    ),
}

READER_LEFT = 128 + signal.SIGPIPE  # exit code of any program whose reader leaves, as head does


class Edge(LazyGroup):
    """The outermost group, where faults become lines."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error the user can fix becomes one line and exit code 1."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise click.ClickException(escape(str(error))) from error
        except BrokenPipeError as error:  # click would exit with 1, as for an error to fix
            _drop_output()
            raise click.exceptions.Exit(READER_LEFT) from error


def _drop_output() -> None:
    """Discard unwritten output, about which Python would complain at exit."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@click.group(cls=Edge, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="classify-presse", prog_name="classify")
def cli() -> None:
    """Label French news articles by category.

    Annotators label articles in Label Studio, a model is trained on the agreed labels, and the
    model labels new articles. Start with `classify demo`.
    """


def main() -> NoReturn:
    """Run the command line and exit; after Ctrl-C with code 130."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "Interrupted. Finished work is kept; run the same command again to continue.", err=True
        )
        code = 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush
        click.echo(f"Error: standard output: {error.strerror}. Free some disk space.", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
