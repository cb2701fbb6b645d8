"""A TCP proxy that makes a line long: `python slow_line.py ROUND_TRIP_MS LISTEN=TARGET ...`, each an `address:port`.

Every byte arrives half a round trip after it was sent, in both directions; a new connection waits a whole round trip
before its first byte, as TCP's handshake would. No limit of throughput. Prints one line when it listens, and ends when
its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

CHUNK = 65536


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float, opens: float) -> None:
    """Every piece leaves `delay_s` after it came, and none before the connection would have stood."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def read() -> None:
        piece = b"first"
        while piece:
            try:
                piece = await reader.read(CHUNK)
            except ConnectionError:
                piece = b""
            pieces.put_nowait((max(loop.time(), opens) + delay_s, piece))

    reading = asyncio.create_task(read())
    with contextlib.suppress(ConnectionError):
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(max(due - loop.time(), 0.0))
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    await reading


async def _line(listen: str, target: str, delay_s: float) -> None:
    host, _, port = target.rpartition(":")

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opens = asyncio.get_running_loop().time() + 2 * delay_s
        try:
            onward, answers = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _carry(reader, answers, delay_s, opens), _carry(onward, writer, delay_s, 0.0), return_exceptions=True
        )
        writer.close()
        answers.close()

    address, _, number = listen.rpartition(":")
    await asyncio.start_server(joined, address, int(number))


async def _main(round_trip_ms: float, lines: list[str]) -> None:
    for line in lines:
        listen, _, target = line.partition("=")
        await _line(listen, target, round_trip_ms / 2000)
    print("listening", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # connections that are still open need no farewell


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]), sys.argv[2:]))
