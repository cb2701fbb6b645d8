"""What the demo tells about its traffic, and its defects, switched on and off while it runs."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import urllib.error
import urllib.request
import warnings

import httpx
import psycopg
import pytest

from gonogo.demo import provider
from gonogo.demo.active import Active
from gonogo.demo.defects import DEFECTS, Reach
from gonogo.demo.defects.fault import Fault, patched
from gonogo.demo.defects.faults import FAULTS
from gonogo.demo.site import FOLDER, HERO, SCRIPT, STYLESHEET
from gonogo.errors import Unavailable

SLOW = {"page-slow": "/privacy", "api-slow": "/api/analytics/engagement/trends"}
SLOWED = {*SLOW, "cold-start", "cold-start-near", "hero-slow", "styles-slow", "summary-slow"}
"""Defects of time alone: the answers are the healthy ones."""
PATHS = (
    *(
        "/",
        "/pricing",
        "/privacy",
        "/dashboard",
        "/dashboard/team",
        "/vitals.json",
        "/nothing",
        SCRIPT,
        STYLESHEET,
        HERO,
        "/favicon.svg",
    ),
    *(
        "/health",
        "/health?deep=1",
        "/version",
        "/version",
        "/metrics",
        "/openapi.json",
        "/api/public/summary",
    ),
    *(f"/api/analytics/{one}" for one in ("stats", "engagement/metrics", "engagement/trends")),
    "/api/analytics/engagement/export",
)
# Values that differ from one answer to the next although nothing has changed.
CHANGING = re.compile(
    rb"session=[\w-]+|\"latency_ms\":[\d.]+|\"generated_at\":\"[^\"]+\"|\"entries\":\d+"
    rb"|(?m:^(?!#)(\w+)(\{.*\})? [\d.]+$)"
)


def shape(answer: httpx.Response) -> str:
    """A digest of head and body, without what changes by itself; the nonce must be the same in both."""
    fields = [item for item in answer.headers.multi_items() if item[0] not in {"date", "content-length"}]
    text = CHANGING.sub(rb"\1", repr(fields).encode() + b"\n" + answer.content)
    if answer.url.path == "/metrics":  # one line a metric, however many routes and statuses there have been
        text = b"\n".join(dict.fromkeys(text.split(b"\n")))
    if nonce := re.search(rb"'nonce-([\w-]+)'", text):
        text = text.replace(nonce[1], b"NONCE")
    return hashlib.sha256(text).hexdigest()


def web(clients) -> dict[tuple[str, str, int], object]:
    seen: dict[tuple[str, str, int], object] = {}
    for role in ("", "user", "admin"):
        for number, path in enumerate(PATHS):
            if not role or path.startswith("/api/analytics"):
                answer = clients.request(path, role=role)
                seen[role, path, number] = (answer.status_code, shape(answer))
    for path, role in (("/client-errors", ""), ("/api/people/0/erasure", "admin")):
        answer = clients.request(path, method="POST", role=role, content=b"{}")
        seen[role, path, 0] = (answer.status_code, shape(answer))
    plain = clients.plain("/pricing")
    seen["", "plain", 0] = (plain.status_code, plain.headers.get("location"))
    return seen


def handshake(demo, *, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, newest=None) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = oldest
        context.set_ciphers("ALL:@SECLEVEL=0")
        if newest:
            context.maximum_version = newest
    port = int(demo.variables["DEMO_HTTPS_PORT"])
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname="www.acme.test") as tls,
        ):
            return f"{tls.version()} {hashlib.sha256(tls.getpeercert(binary_form=True) or b'').hexdigest()}"
    except ssl.SSLError as error:
        return f"refused: {error.reason}"


def verification(demo) -> str:
    context = ssl.create_default_context(cafile=demo.variables["DEMO_CA_FILE"])
    port = int(demo.variables["DEMO_HTTPS_PORT"])
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname="www.acme.test"),
        ):
            return "verified"
    except ssl.SSLCertVerificationError as error:
        return error.verify_message


def transport(demo) -> tuple[str, ...]:
    legacy = handshake(demo, oldest=ssl.TLSVersion.TLSv1, newest=ssl.TLSVersion.TLSv1_1)
    return (handshake(demo), legacy, verification(demo))


def connect(demo, sslmode: str) -> psycopg.Connection:
    return psycopg.connect(
        demo.variables["DEMO_DATABASE_URL"],
        hostaddr="127.0.0.1",
        sslmode=sslmode,
        sslrootcert=demo.variables["DEMO_CA_FILE"],
        autocommit=True,
    )


SCHEMA = """
select 'column', table_name, column_name from information_schema.columns where table_schema = 'public'
union all select 'index', indrelid::regclass::text, indexrelid::regclass::text || indisvalid from pg_index
    where indrelid::regclass::text !~ '^pg_'
union all select 'trigger', tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal
union all select 'ledger', '', version from schema_migrations
union all select 'policy', tablename, policyname from pg_policies
union all select 'security', relname, relrowsecurity::text from pg_class
    where relnamespace = 'public'::regnamespace
union all select 'right', table_name, privilege_type from information_schema.role_table_grants
order by 1, 2, 3
"""


def database(demo) -> tuple[object, ...]:
    try:
        with connect(demo, "disable"):
            plain = "accepted"
    except psycopg.OperationalError as error:
        plain = "no TLS refused" if "without TLS" in str(error) else "no answer"
    try:
        with connect(demo, "verify-full") as connection:
            return (plain, tuple(connection.execute(SCHEMA).fetchall()))
    except psycopg.OperationalError:
        return (plain, "no connection")


def test_requests_are_told_with_role_agent_status_and_connection(clients, demo):
    clients.request("/pricing?plan=team", headers={"User-Agent": "gonogo/1 (+http-1)"})
    clients.request("/api/analytics/stats", role="user")
    clients.plain("/")
    told = [
        (one["listener"], one["host"], one["method"], one["path"], one["status"], one["role"]) for one in demo.log()
    ]
    assert told == [
        ("https", "www.acme.test", "GET", "/pricing?plan=team", 200, "anonymous"),
        ("https", "www.acme.test", "GET", "/api/analytics/stats", 200, "user"),
        ("http", "www.acme.test", "GET", "/", 308, "anonymous"),
    ]
    assert demo.log()[0]["user_agent"] == "gonogo/1 (+http-1)"
    assert demo.log()[0]["connection"] == demo.log()[1]["connection"] != demo.log()[2]["connection"]
    assert not any(demo.variables["DEMO_USER_TOKEN"] in str(one) for one in demo.log())


def test_handshakes_without_a_request_can_be_told(demo):
    assert handshake(demo).startswith("TLSv1.3")
    with socket.create_connection(("127.0.0.1", int(demo.variables["DEMO_HTTPS_PORT"]))):
        pass
    told = {(one["listener"], one["established"], one["requests"]) for one in demo.connections()}
    assert ("https", True, 0) in told
    assert ("https", False, 0) in told


def test_reset_forgets_requests_hits_and_connections(clients, demo):
    clients.request("/")
    clients.collector("analytics.tagworks.test", "/g/collect", content=b"{}")
    demo.reset()
    assert (demo.log(), demo.hits(), demo.connections()) == ([], [], [])


def test_control_needs_its_token(demo):
    url = demo._control + "/log"
    for headers in ({}, {"x-demo-control": "wrong"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, headers=headers))
        assert refused.value.code == 403
        refused.value.close()


def test_an_unknown_defect_is_refused_and_the_known_are_named(demo):
    with pytest.raises(Unavailable, match=r"no defect hsts-shrot; there are: .*hsts-short"):
        demo.inject(["hsts-shrot"])


def test_every_defect_has_one_fault_and_every_fault_a_defect():
    ids = [defect.id for defect in DEFECTS]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(FAULTS)
    assert not [defect.id for defect in DEFECTS if not defect.trips or list(defect.trips).count(defect.trips[0]) > 1]


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.patches])
def test_patches_fit_the_script(name):
    script = (FOLDER / "assets/app.js").read_text()
    assert patched(script, FAULTS[name].patches) != script


def test_a_patch_that_fits_nowhere_is_an_error():
    with pytest.raises(ValueError, match="fits 0 times"):
        patched("a", [("b", "c")])


def test_activating_starts_counters_anew():
    active = Active()
    active.choose(["release-unstable"])
    active.traffic.next("version")
    active.choose(["release-unstable"])
    assert active.traffic.next("version") == 1
    assert active.faults == {"release-unstable": FAULTS["release-unstable"]}


def test_each_defect_is_seen_while_active_and_gone_after(clients, demo):
    """A walk over the catalogue: each network defect changes what a client sees, and none leaves a trace."""
    ways = {
        "web": lambda: web(clients),
        "transport": lambda: transport(demo),
        "database": lambda: database(demo),
    }
    healthy = {name: look() for name, look in ways.items()}
    unseen = []
    for defect in DEFECTS:
        demo.inject([defect.id])
        if defect.reach in {Reach.LOAD, Reach.SURFACE} or defect.id in SLOWED:
            continue
        way = _felt(FAULTS[defect.id])
        if ways[way]() == healthy[way]:
            unseen.append((defect.id, way))
    assert not unseen, unseen
    demo.inject([])
    assert {name: look() for name, look in ways.items()} == healthy


def _felt(fault: Fault) -> str:
    if fault.certificate or (fault.switch and "TLS 1.0" in fault.switch.value):
        return "transport"
    return "database" if fault.break_sql or fault.switch else "web"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("certificate-untrusted", "unable to get local issuer certificate|self-signed certificate"),
        ("certificate-chain-incomplete", "unable to get local issuer certificate"),
        ("certificate-name-wrong", "Hostname mismatch"),
        ("certificate-expired", "certificate has expired"),
        ("certificate-near-expiry", "verified"),
    ],
)
def test_certificates_fail_as_their_names_say(demo, name, error):
    demo.inject([name])
    assert re.search(error, verification(demo))


@pytest.mark.parametrize(("name", "path"), SLOW.items())
def test_slow_answers_are_slow(clients, demo, name, path):
    demo.inject([name])
    assert clients.request(path, role="user").elapsed.total_seconds() > 1.3


def test_a_declared_query_is_slow_for_the_verifier_only(clients, demo):
    demo.inject(["query-slow"])
    with connect(demo, "verify-full") as connection:
        connection.execute("set statement_timeout = '100ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("select count(*) from events")
    clients.request("/api/analytics/cache", method="DELETE", role="admin")
    assert clients.request("/api/analytics/stats", role="user").elapsed.total_seconds() < 0.15


def test_load_defects_spare_a_quiet_site(clients, demo):
    demo.inject([defect.id for defect in DEFECTS if defect.reach is Reach.LOAD])
    answers = [clients.request(path) for path in ("/", "/pricing") * 5]
    assert {answer.status_code for answer in answers} == {200}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 0.3


def test_errors_come_when_the_site_is_busy(clients, demo):
    demo.inject(["errors-under-load"])
    statuses = [clients.request("/pricing").status_code for _ in range(80)]
    assert {200, 503} == set(statuses)


def test_the_verifier_may_read_and_nothing_else(demo):
    with connect(demo, "verify-full") as connection:
        assert connection.execute("select count(*) from events").fetchone()[0] > 1000
        for statement in (
            "insert into events default values",
            "create table t (a int)",
            "create temp table t (a int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_another_process_attaches_and_leaves_the_demo_running(demo, tmp_path, monkeypatch):
    file = tmp_path / "demo.json"
    demo.publish(file)
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(provider.ATTACH, str(file))
    with provider.start(defects=["hsts-short"]) as attached:
        assert attached.pid is None
        assert attached.variables == demo.variables
    assert demo.log() == []
    monkeypatch.setenv(provider.ATTACH, str(tmp_path / "absent.json"))
    with pytest.raises(Unavailable, match="describes no running demo"):
        provider.start()
