"""The demo as the plugin and the command line use it: start it in a child process, read its variables, inject
defects.

Nothing heavy is imported here; the server is another process.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from gonogo.demo.ports import COLLECTOR_PORT, DATABASE_PORT, HTTP_PORT, HTTPS_PORT
from gonogo.errors import Unavailable

ATTACH = "GONOGO_DEMO"
"""Environment variable that names a file which `Demo.publish` wrote: that demo is used, not a new one."""
SECRET_NAMES = frozenset({"DEMO_USER_TOKEN", "DEMO_ADMIN_TOKEN", "DEMO_DATABASE_URL"})
CONTROL_S = 15.0
REFUSAL = 20_000
"""Most of a refusal that is told, in bytes: every defect that there is has room in it."""
STOP_S = 10.0
SOURCE = Path(__file__).resolve().parents[2]
_PLANNED = "given-when-the-demo-starts"


def planned_variables() -> dict[str, str]:
    """What the demo will supply, with the ports it asks for first, without secrets; nothing is started."""
    return {
        "DEMO_CA_FILE": "ca.pem",
        "DEMO_HTTPS_PORT": str(HTTPS_PORT),
        "DEMO_NODE": "127.0.0.2",
        "DEMO_HTTP_PORT": str(HTTP_PORT),
        "DEMO_COLLECTOR_PORT": str(COLLECTOR_PORT),
        "DEMO_USER_TOKEN": _PLANNED,
        "DEMO_ADMIN_TOKEN": _PLANNED,
        "DEMO_DATABASE_URL": f"postgresql://gonogo_verifier:{_PLANNED}@db.acme.test:{DATABASE_PORT}/acme",
        "DEMO_MIGRATIONS": str(Path(__file__).parent / "migrations"),
    }


class Demo:
    """A running demo. Leaving it as a context manager stops it, unless it was only attached to."""

    secret_names: frozenset[str] = SECRET_NAMES

    def __init__(self, ready: Mapping[str, Any], *, process: subprocess.Popen[bytes] | None) -> None:
        self.variables: dict[str, str] = {str(key): str(value) for key, value in ready["variables"].items()}
        self._control = str(ready["control"])
        self._token = str(ready["control_token"])
        self._process = process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Of the child process; None when attached to a demo of somebody else."""
        return self._process.pid if self._process else None

    def control(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """GET, or with a body POST, on the control listener; the JSON that it answers.

        Raises Unavailable when the demo does not answer, or refuses.
        """
        import urllib.error
        import urllib.request

        request = urllib.request.Request(  # noqa: S310 - the demo's own loopback address
            self._control + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-demo-control": self._token, "content-type": "application/json"},
        )
        try:
            # No proxy of the environment stands between us and loopback.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=CONTROL_S
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                words = error.read(REFUSAL).decode(errors="replace")
            raise Unavailable(f"the demo refused {path}: {error.code} {words}") from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"the demo does not answer {path}: {error}") from None

    def inject(self, ids: Iterable[str]) -> None:
        """Make exactly these defects active. Raises Unavailable for an unknown one, naming all: the server knows them."""
        self.control("/defects", {"ids": list(dict.fromkeys(ids))})

    def log(self) -> list[dict[str, Any]]:
        """Each request since the start or the last reset: t, listener, host, method, path, status,
        user_agent, role, connection, seconds."""
        return list(self.control("/log"))

    def connections(self) -> list[dict[str, Any]]:
        """Each connection: id, listener, t, established (its TLS handshake was completed), requests."""
        return list(self.control("/connections"))

    def hits(self) -> list[dict[str, Any]]:
        """What the collectors received: t, host, path, query, origin, body."""
        return list(self.control("/hits"))

    def reset(self) -> None:
        """Forget log, connections and hits."""
        self.control("/reset", {})

    def publish(self, path: Path) -> None:
        """Write what another process needs to attach, readable by this user only; it holds secrets."""
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_text(
            json.dumps({"variables": self.variables, "control": self._control, "control_token": self._token})
        )

    def alive(self) -> bool:
        """Whether the child still runs; of an attached demo nothing is known, so it is taken to."""
        return self._process is None or self._process.poll() is None

    def stop(self) -> None:
        """End the child and wait for it; an attached demo runs on. May be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def start(*, defects: Sequence[str] = (), timeout_s: float = 60) -> Demo:
    """Start the demo, or attach to the one that GONOGO_DEMO names; returns when it answers, with
    exactly these defects active.

    Raises Unavailable when the demo extra is not installed or the start fails; the text ends with the child's
    last words.
    """
    named = os.environ.get(ATTACH)
    demo = _attach(Path(named)) if named else _launch(timeout_s)
    try:
        if defects or named:
            demo.inject(defects)
    except BaseException:
        demo.stop()
        raise
    return demo


def _attach(file: Path) -> Demo:
    try:
        return Demo(json.loads(file.read_text()), process=None)
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(f"{ATTACH} names {file}, which describes no running demo: {error}") from None


def _launch(timeout_s: float) -> Demo:
    path = os.pathsep.join(filter(None, (str(SOURCE), os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "gonogo.demo"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C at the terminal reaches us alone, and we end it by its input
        )
        demo = Demo({"variables": {}, "control": "", "control_token": ""}, process=process)
        try:
            assert process.stdout is not None
            ready = json.loads(_first_line(process.stdout, timeout_s))
            return Demo(ready, process=process)
        except (ValueError, TimeoutError) as error:
            demo.stop()
            words.seek(0)
            said = words.read().decode(errors="replace").strip().splitlines()[-12:]
            reason = str(error) if isinstance(error, TimeoutError) else "it ended"
            told = "\n".join(said) or "(it said nothing)"
            raise Unavailable(f"the embedded demo did not start: {reason}\n{told}") from None
        except BaseException:
            demo.stop()
            raise


def _first_line(stream: IO[bytes], timeout_s: float) -> bytes:
    """Raises TimeoutError. Empty when the stream ends."""
    deadline = time.monotonic() + timeout_s
    line = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not waiting.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError(f"no answer within {timeout_s:g} s")
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                return b""
            line += chunk
    return line
