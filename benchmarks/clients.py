"""Many HTTP clients at once, in a process of their own: they must not slow what they measure.

    python -m tests.clients HOST PORT CLIENTS SECONDS PAUSE FILE

FILE holds the body each client posts to /v1/predict over and over on a connection of its own,
PAUSE seconds after a 503. Prints how many answers of each status there were, as JSON; "broken" are
connections that ended before their answer.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from pathlib import Path


async def client(
    address: tuple[str, int], request: bytes, until: float, pause: float, counts: Counter[str]
) -> None:
    """Ask until the time is up."""
    reader = writer = None
    while time.monotonic() < until:
        try:
            if writer is None or reader is None:
                reader, writer = await asyncio.open_connection(*address)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            counts["broken"] += 1
            writer = None
            await asyncio.sleep(0.1)
            continue
        status = head[9:12].decode()
        counts[status] += 1
        if b"connection: close" in head.lower():
            writer.close()
            writer = None
        if status == "503":
            await asyncio.sleep(pause)
    if writer:
        writer.close()


async def main() -> None:
    """Run them all and print the counts."""
    host, port, clients, seconds, pause, file = sys.argv[1:]
    body = Path(file).read_bytes()
    head = f"POST /v1/predict HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    until = time.monotonic() + float(seconds)
    counts: Counter[str] = Counter()
    asking = [
        client((host, int(port)), request, until, float(pause), counts) for _ in range(int(clients))
    ]
    await asyncio.gather(*asking)
    print(json.dumps(counts))


if __name__ == "__main__":
    loop = None
    with contextlib.suppress(ModuleNotFoundError):
        import uvloop

        loop = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
