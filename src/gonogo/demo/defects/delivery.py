"""The defects of delivery, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request

from gonogo.demo.defects.defect import Defect, network
from gonogo.demo.defects.fault import Fault, header
from gonogo.demo.replies import Reply
from gonogo.demo.site import HERO, PAGES, SCRIPT, STYLESHEET


def _uncompressed(request: Request, reply: Reply) -> None:
    if request.url.path in {"/", SCRIPT, STYLESHEET}:
        reply.compressible = False


DELIVERY_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "assets-uncached": header("Cache-Control", "no-cache", paths=[SCRIPT, STYLESHEET, HERO]),
        "compression-off": Fault(change=_uncompressed),
        "html-cached": header("Cache-Control", "private, max-age=86400", paths=PAGES),
    }
)

DELIVERY_DEFECTS: tuple[Defect, ...] = (
    network("assets-uncached", "Hashed assets are asked for on each visit", "delivery.assets.immutable"),
    network("compression-off", "Text is sent uncompressed", "delivery.compression.text"),
    network("html-cached", "Browsers keep pages for a day", "delivery.html.revalidated"),
)
