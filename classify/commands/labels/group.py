"""`classify labels`: one lazily loaded command a line of COMMANDS."""

import click

from classify.options import LazyGroup

# name -> (where it lives, what it does): `classify labels --help` imports no command.
COMMANDS = {
    "server": (
        "classify.commands.labels.project.server:server",
        "Install and run Label Studio on this machine.",
    ),
    "push": (
        "classify.commands.labels.annotating.push:push",
        "Send the articles that Label Studio does not have yet.",
    ),
    "invite": (
        "classify.commands.labels.project.invite:invite",
        "Print the links by which annotators join and begin.",
    ),
    "next": (
        "classify.commands.labels.annotating.next_articles:next_articles",
        "Choose the articles to annotate next, and send these.",
    ),
    "pull": (
        "classify.commands.labels.annotating.pull:pull",
        "Fetch the annotations and settle them by majority.",
    ),
    "status": (
        "classify.commands.labels.annotating.status:status",
        "Show what is done and left, who works how fast, and what to do next.",
    ),
    "agreement": (
        "classify.commands.labels.deciding.agreement:agreement",
        "Show how far annotators agree, and where not.",
    ),
    "report": (
        "classify.commands.labels.annotating.report:report",
        "Write one page on how the annotation goes.",
    ),
    "adjudicate": (
        "classify.commands.labels.deciding.adjudicate:adjudicate",
        "Ask one more person about disputed articles.",
    ),
    "settle": (
        "classify.commands.labels.deciding.settle:settle",
        "Settle one article by hand.",
    ),
    "suspects": (
        "classify.commands.labels.deciding.suspects:suspects",
        "List the labels that are probably wrong, the worst first.",
    ),
    "migrate": (
        "classify.commands.labels.project.migrate:migrate",
        "Rename, merge, split, retire or add categories everywhere at once.",
    ),
    "backup": (
        "classify.commands.labels.project.backup:backup",
        "Save the whole project in a file.",
    ),
    "restore": (
        "classify.commands.labels.project.backup:restore",
        "Make a project again from a backup.",
    ),
    "import": (
        "classify.commands.labels.annotating.import_labels:import_",
        "Import labelled articles from a file.",
    ),
    "connect": (
        "classify.commands.labels.project.connect_service:connect",
        "Connect a running `classify serve` to the project.",
    ),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def labels() -> None:
    """Annotate in Label Studio: send articles, fetch and settle the labels, look after them."""
