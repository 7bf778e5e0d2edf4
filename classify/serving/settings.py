"""The settings of the service, from serve.toml."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from classify.terminal import size_in_bytes
from seeds.base.errors import InputError


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """The settings of the service; configs/serve.toml explains each key."""

    host: str
    port: int
    max_batch: int
    batch_wait: float
    queue: int
    max_body: str
    read_timeout: float
    write_timeout: float
    answer_timeout: float
    load_timeout: float
    drain: float
    retrain_after: int

    def __post_init__(self) -> None:
        if faults := self.faults_in(asdict(self)):
            raise InputError("; ".join(faults))

    @staticmethod
    def faults_in(values: Mapping[str, Any]) -> list[str]:
        """Return what is out of range among the settings that are present."""
        faults = []
        for name, minimum, maximum in (
            ("port", 0, 65535),
            ("max_batch", 1, 1024),
            ("batch_wait", 0, 1000),
            ("queue", 1, 100_000),
            ("read_timeout", 0.1, 3600),
            ("write_timeout", 1, 3600),
            ("answer_timeout", 0.1, 3600),
            ("load_timeout", 1, 3600),
            ("drain", 0, 3600),
            ("retrain_after", 0, 1_000_000),
        ):
            if not minimum <= values.get(name, minimum) <= maximum:
                faults.append(f"{name} must be {minimum:,} to {maximum:,}, found {values[name]}")
        try:
            size_in_bytes(values.get("max_body", "1MB"))
        except InputError as error:
            faults.append(f"max_body: {error}".rstrip("."))
        if not values.get("host", "any"):
            faults.append('host must not be empty; "0.0.0.0" means every address of this machine')
        return faults
