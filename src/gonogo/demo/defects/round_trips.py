"""How each defect of what happens behind the pages is done to the running demo, one entry a defect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from gonogo.demo.backoffice import CLIENT_ERRORS, ERASURE, PEOPLE
from gonogo.demo.defects.defect import Defect, browser, network
from gonogo.demo.defects.fault import Fault, Traffic, instead, script
from gonogo.demo.replies import problem

SEVERITY = 'severity: "error" });\n'
OLD_RELEASE = """
create function remembered_release() returns trigger language plpgsql as
    'begin new.release := ''2026.11.2''; return new; end';
create trigger remembered_release before insert on error_logs for each row execute function remembered_release();
"""
KEPT = """
create function kept_subscription() returns trigger language plpgsql as 'begin return null; end';
create trigger kept_subscription before delete on newsletter_subscriptions
    for each row execute function kept_subscription();
"""


def _erasure(answer: Callable[[], Response]) -> Fault:
    async def detour(request: Request, _: Traffic) -> Response | None:
        path = request.url.path
        return answer() if path.startswith(f"{PEOPLE}/") and path.endswith(f"/{ERASURE}") else None

    return Fault(detour=detour)


TRIP_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "error-row-lost": instead(CLIENT_ERRORS, lambda _: Response(status_code=204)),
        "error-row-old-release": Fault(
            break_sql=OLD_RELEASE, mend_sql="drop function if exists remembered_release() cascade"
        ),
        "alert-unsent": script((SEVERITY, 'severity: "warning" });\n')),
        "deletion-refused": _erasure(lambda: problem(500, "Nobody is deleted at the moment.")),
        "deletion-forgotten": _erasure(lambda: Response(status_code=202)),
        "deletion-partial": Fault(break_sql=KEPT, mend_sql="drop function if exists kept_subscription() cascade"),
    }
)


TRIP_DEFECTS: tuple[Defect, ...] = (
    browser("error-row-lost", "The page's errors are taken and not kept", "errors.table.recorded"),
    browser("error-row-old-release", "Rows of errors name the last release", "errors.table.release"),
    browser("alert-unsent", "No alert is sent for an error", "errors.alert.delivered"),
    network("deletion-refused", "Whoever asks to be deleted gets an error", "privacy.deletion.accepted"),
    network("deletion-forgotten", "A request to be deleted is accepted and never done", "privacy.deletion.complete"),
    network("deletion-partial", "Deleted people still get the newsletter", "privacy.deletion.complete"),
)
