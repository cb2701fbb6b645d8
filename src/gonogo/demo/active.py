"""Which defects are switched on at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from gonogo.demo.certificates import Variant
from gonogo.demo.defects.fault import Fault, Switch, Traffic, patched
from gonogo.demo.defects.faults import FAULTS
from gonogo.demo.replies import Reply
from gonogo.demo.site import SCRIPT


@dataclass(slots=True)
class Active:
    """The faults that are done at the moment; `detour` and `change` are called around each request."""

    faults: dict[str, Fault] = field(default_factory=dict)
    traffic: Traffic = field(default_factory=Traffic)

    def choose(self, ids: Iterable[str]) -> None:
        """Activate these and no others; counters start anew. Raises KeyError for an unknown id."""
        self.faults = {one: FAULTS[one] for one in ids}
        self.traffic = Traffic()

    async def detour(self, request: Request) -> Response | None:
        self.traffic.arrived(request.url.path)
        for fault in self._of(request):
            if fault.detour and (answer := await fault.detour(request, self.traffic)) is not None:
                return answer
        return None

    def change(self, request: Request, reply: Reply) -> None:
        patches = [patch for fault in self.faults.values() for patch in fault.patches]
        if patches and request.url.path == SCRIPT:
            reply.body = patched(reply.text, patches).encode()
        for fault in self._of(request):
            if fault.change:
                fault.change(request, reply)

    def _of(self, request: Request) -> list[Fault]:
        plain = request.url.scheme == "http"
        return [fault for fault in self.faults.values() if fault.plain is plain]

    def switched(self, switch: Switch) -> bool:
        return any(fault.switch is switch for fault in self.faults.values())

    @property
    def certificate(self) -> Variant:
        chosen = [fault.certificate for fault in self.faults.values() if fault.certificate]
        return chosen[-1] if chosen else Variant.GOOD
