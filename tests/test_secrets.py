"""A canary in every secret field: it must be in no artefact and no output, whatever fails and however loudly."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from main_job import Run, main_job

from gonogo.run import target as runs

pytestmark = pytest.mark.wait

CANARY = "c4n@ry/S3cret+Value"
FORMS = (CANARY, quote(CANARY, safe=""), "c4n@ry", "S3cret+Value", "S3cret%2BValue")


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with everything it was sent: the worst that a target can do with a token."""

    def do_GET(self) -> None:
        body = f"<title>{self.headers}</title>{self.headers}".encode()
        self.send_response(500)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Echo", str(self.headers.get("Authorization", "")) + str(self.headers.get("X-Key", "")))
        self.send_header("Set-Cookie", f"echo={self.headers.get('Authorization', '')}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _environment(port: int, folder: Path) -> Path:
    path = folder / "canary.toml"
    path.write_text(
        f"""name = "canary"
tier = "development"
[limits]
rate_per_s = 500
request_timeout_s = 1.5
[roles.user]
token = "${{CANARY}}"
[roles.key]
token = "${{CANARY}}"
header = "X-Key"
scheme = ""
[security]
[site]
url = "http://127.0.0.1:{port}"
plain_url = "http://127.0.0.1:{port}"
[metrics]
role = "user"
[api]
openapi = "/openapi.json"
[[api.endpoints]]
name = "echo"
path = "/echo"
status = {{ user = [200], key = [200] }}
[[databases]]
name = "closed"
url = "postgresql://gonogo:${{CANARY_ENCODED}}@127.0.0.1:9/nothing"
[[databases.queries]]
name = "one"
sql = "select 1"
[[databases]]
name = "no database"
url = "postgresql://gonogo:${{CANARY_ENCODED}}@127.0.0.1:{port}/nothing"
tls = false
"""
    )
    return path


def _loud(folder: Path) -> Path:
    """A plugin that makes checks crash with the secret in reach of a traceback."""
    (folder / "loud.py").write_text(
        "import gonogo.formats.csp_review as csp_review\n"
        "import os, sys, logging, warnings\n"
        "def broken(*values):\n"
        "    secret = os.environ['CANARY']\n"
        "    print('printed', secret)\n"
        "    print('printed', secret, file=sys.stderr)\n"
        "    logging.getLogger('loud').error('logged %s', secret)\n"
        "    raise RuntimeError(f'crashed with {secret}')\n"
        "csp_review.mixed_content = broken\n"
    )
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), marks=pytest.mark.slow),
        ("-n", "2", "--showlocals", "--tb=long", "-v", "-rA"),
        pytest.param(("-k", "mixed or api", "--showlocals", "-vv"), marks=pytest.mark.slow),
    ],
    ids=["plain", "loud", "partial"],
)
def test_no_artefact_holds_a_secret(arguments: tuple[str, ...], echo: int, tmp_path: Path) -> None:
    run: Run = main_job(
        f"--env={_environment(echo, tmp_path)}",
        "--profile=smoke",
        "-p",
        "loud",
        f"--junitxml={tmp_path / 'reports' / 'foreign.xml'}",
        *arguments,
        reports=tmp_path / "reports",
        env={"CANARY": CANARY, "CANARY_ENCODED": quote(CANARY, safe=""), "PYTHONPATH": str(_loud(tmp_path))},
    )
    assert run.status not in {0, 3}, run.output
    assert "crash" in run.told()
    assert "FAIL" in {one["outcome"] for one in run.results}
    leaks = [
        f"{path.relative_to(tmp_path)}: {form}"
        for path in sorted((tmp_path / "reports").rglob("*"))
        if path.is_file()
        for form in FORMS
        if form.encode() in path.read_bytes()
    ]
    leaks += [f"output: {form}" for form in FORMS if form in run.output]
    assert leaks == []


def test_a_token_is_hidden_as_it_is_sent(tmp_path: Path) -> None:
    """Stripped on its way, and each word of it: the file may hold the scheme, a header never holds the line's end."""
    path = tmp_path / "padded.toml"
    path.write_text(
        'name = "padded"\ntier = "staging"\n[site]\nurl = "https://www.acme.test"\n[roles.user]\ntoken = "${PADDED}"\n'
    )
    target = runs.target(str(path), folder=tmp_path, variables={"PADDED": "  Token 51c0a7d2e9 \n"}, decides=False)
    said = target.scrubber()("X-Echo: Token 51c0a7d2e9, and 51c0a7d2e9 alone")
    assert "51c0a7d2e9" not in said
    assert "51c0a7d2e9" not in repr(target)
