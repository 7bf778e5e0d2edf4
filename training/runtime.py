"""Where and how a model computes: device, threads, batch size, precision."""

from dataclasses import asdict, dataclass
from typing import Any

from seeds.base.errors import InputError

DTYPES = ("auto", "float32", "bfloat16", "float16", "int8", "exact")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Device, threads, batch size and precision; a kind without such a choice refuses it.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        batch_size: windows computed at once; None: as many as suit their lengths.
        threads: of the CPU; None: all.
        dtype: of an encoder's matrix products: "auto" is what is fast on this machine and good
            enough, "float32", "bfloat16", "float16", "int8"; "exact" is float32 by the operations
            that training uses, for results that must be the same on every machine.
    """

    device: str = "auto"
    batch_size: int | None = None
    threads: int | None = None
    dtype: str = "auto"

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError(f"dtype {self.dtype!r} is unknown. Use one of {', '.join(DTYPES)}.")
        for name, value in (("batch size", self.batch_size), ("threads", self.threads)):
            if value is not None and value < 1:
                raise InputError(f"{name} must be 1 or more, found {value}")

    def answer_settings(self) -> dict[str, Any]:
        """Return the settings that predictions depend on; the others only change the speed."""
        settings = asdict(self)
        return {name: settings[name] for name in settings if name not in ("batch_size", "threads")}

    def require_cpu(self, kind: str) -> None:
        """Refuse the settings that a kind that runs on one CPU core can't honour.

        Raises:
            InputError: names the option to leave out.
        """
        if self.device not in ("auto", "cpu"):
            raise InputError(f"a {kind} model runs on the CPU. Leave out --device {self.device}.")
        for option, value in (("--batch-size", self.batch_size), ("--threads", self.threads)):
            if value is not None:
                raise InputError(f"a {kind} model has no use for {option}. Leave it out.")
        if self.dtype not in ("auto", "float32", "exact"):
            raise InputError(f"a {kind} model computes in float32. Leave out --dtype {self.dtype}.")
