"""Many HTTP clients at once, in a process of their own: they must not slow what they measure.

    python -m benchmarks.clients HOST PORT CLIENTS SECONDS PAUSE FILE

Each line of FILE is a body; every client posts them to /v1/predict, one after the other and over
and over, on a connection of its own, and waits PAUSE seconds after a 503. Prints as JSON how many
answers of each status there were ("broken": connections that ended before their answer), and the
seconds that answers with 200 took: the median and the 99th percentile.
"""

import asyncio
import contextlib
import itertools
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Heard:
    """What all clients heard."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


async def client(
    address: tuple[str, int],
    bodies: list[bytes],
    first: int,
    until: float,
    pause: float,
    heard: Heard,
) -> None:
    """Ask until the time is up."""
    reader = writer = None
    turn = itertools.cycle(bodies[first % len(bodies) :] + bodies[: first % len(bodies)])
    while time.monotonic() < until:
        try:
            if writer is None or reader is None:
                reader, writer = await asyncio.open_connection(*address)
            began = time.monotonic()
            writer.write(next(turn))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            heard.statuses["broken"] += 1
            writer = None
            await asyncio.sleep(0.1)
            continue
        status = head[9:12].decode()
        heard.statuses[status] += 1
        if b"connection: close" in head.lower():
            writer.close()
            writer = None
        if status == "503":
            await asyncio.sleep(pause)
        elif status == "200":
            heard.seconds.append(time.monotonic() - began)
    if writer:
        writer.close()


async def main() -> None:
    """Run them all and print what they heard."""
    host, port, clients, seconds, pause, file = sys.argv[1:]
    head = f"POST /v1/predict HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    bodies = [
        f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
        for body in Path(file).read_bytes().splitlines()
    ]
    heard, until = Heard(), time.monotonic() + float(seconds)
    await asyncio.gather(
        *(
            client((host, int(port)), bodies, n, until, float(pause), heard)
            for n in range(int(clients))
        )
    )
    cuts = statistics.quantiles(heard.seconds, n=100) if len(heard.seconds) > 1 else [0.0] * 99
    print(json.dumps({"statuses": heard.statuses, "median": cuts[49], "p99": cuts[98]}))


if __name__ == "__main__":
    loop = None
    with contextlib.suppress(ModuleNotFoundError):
        import uvloop

        loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
