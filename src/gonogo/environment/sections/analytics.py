"""[analytics]."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import ValidationInfo, field_validator

from gonogo.environment.model import Model
from gonogo.environment.slips import Slip, Told
from gonogo.environment.values import Host, Path


class AnalyticsEvent(Model):
    """One event that must be counted."""

    name: str
    """As the hit tells it: page_view."""
    journey: str = ""
    """Journey that provokes it, one with `consent = "accept"`; empty: the visit that accepts in the banner."""


class Analytics(Model):
    """The analytics tag, judged by what it sends after consent."""

    kind: Literal["ga4", "other"] = "ga4"
    """Google Analytics 4, or a collector whose parameters are named below."""
    id: str = ""
    """Measurement id: G-ABC123DEF4; empty: not judged."""
    hosts: tuple[Host, ...] = ()
    """Hosts that take hits; empty: the third parties whose purpose is analytics."""
    paths: tuple[Path, ...] = ("/g/collect",)
    """Paths that take hits, on these hosts."""
    own_paths: tuple[Path, ...] = ()
    """Paths that take hits on the site's own host, for collection on the server; answered locally."""
    script: str = ""
    """Path pattern of the tag's script where Google's names do not fit: /assets/tag.*.js"""
    parameters: tuple[str, ...] = ("v", "tid", "cid", "en", "dl")
    """Parameters that each hit must carry, with a value."""
    id_parameter: str = "tid"
    """The one that holds the id."""
    event_parameter: str = "en"
    """The one that holds the event's name."""
    events: tuple[AnalyticsEvent, ...] = ()
    """Events that must be seen."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if said.get("paths", True) in ([], ()) and not said.get("own_paths"):
            yield Slip(("paths",), "no path takes hits then; name one here or in `own_paths`")

    @field_validator("id")
    @classmethod
    def _measurement_id(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("kind") == "ga4" and not re.fullmatch("G-[A-Za-z0-9]+", value):
            raise ValueError("kind ga4 has a measurement id of G- and letters or digits, such as G-ABC123DEF4")
        return value
