"""schemathesis against the running service's own OpenAPI: nothing undocumented, no 5xx."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.serving import serving

KEY = "une-clef-de-test-0123456789"


@pytest.mark.parametrize(
    ("key", "examples", "requests"),  # at least so many requests over all operations
    [("", 400, 600), (KEY, 100, 300)],  # the key changes who is answered, not what
    ids=["open", "with a key"],
)
def test_no_generated_request_gets_a_5xx_or_an_undocumented_answer(
    desk: Path, tmp_path: Path, key: str, examples: int, requests: int
) -> None:
    """Valid ones are answered, invalid ones refused, each as the document says."""
    with serving(desk, key=key) as service:
        header = ["--header", f"Authorization: Bearer {key}"] if key else []
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
            *(
                "--max-examples",
                str(examples),
                "--phases",
                "examples,coverage,fuzzing",
                "--seed",
                "1",
            ),
            *("--checks", "all", "--workers", "2", "--suppress-health-check", "all"),
            # A form sends [[true]] as it sends true: there wrong types can't be refused. Those in
            # JSON are in test_serve.py.
            *("--exclude-checks", "negative_data_rejection"),
            *header,
        ]
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment(HYPOTHESIS_STORAGE_DIRECTORY=str(tmp_path / "hypothesis")),
            cwd=tmp_path,
        )
        assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
        assert service.process.poll() is None
        failures = [line for line in service.log if line.get("status", 0) >= 500]
        assert not [line for line in failures if line["status"] != 503]
        assert len(service.log) >= requests, len(service.log)
    assert "Traceback" not in "".join(service.lines)
