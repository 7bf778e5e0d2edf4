"""Which modules a command loads."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.command import environment

HEAVY = {"torch", "transformers", "sklearn", "scipy", "label_studio_sdk", "pyarrow", "trafilatura"}


def loaded(*arguments: str | Path) -> set[str]:
    """The packages that a command has loaded when it ends."""
    code = (
        "import json, sys\n"
        "from classify.cli import main\n"
        "sys.argv = ['classify', *sys.argv[1:]]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stderr.splitlines()[-1]))
