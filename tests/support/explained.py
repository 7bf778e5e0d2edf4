"""Articles whose explanations are known, and how they are asked for."""

import subprocess
from pathlib import Path

from tests.support.command import classify

CINEMA = "film festival réalisateur écran projection acteur tournage coproduction film écran"
BOTH = f"{CINEMA} export douane tarif conteneur port accord marché cargaison export douane"
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'> & \x1b[31m\u202efin"


def predict(
    desk: Path, *arguments: str | Path, data: bytes = b""
) -> subprocess.CompletedProcess[str]:
    return classify("predict", "--workspace", desk, *arguments, data=data)
