"""[consent]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gonogo.environment.model import Model
from gonogo.environment.slips import Slip, Told, twice
from gonogo.environment.values import Css, Name, Path, Pattern, _cookie_name, _cookie_value, _locale, _timezone

Law = Literal["eu", "uk", "us"]
"""eu: ePrivacy directive and GDPR; uk: PECR and UK GDPR; us: the opt-out laws of California and other states."""


class ConsentRegion(Model):
    """Visitors of another country or language, who may meet another banner."""

    name: Name
    """Names the region in results; unique."""
    locale: Annotated[str, AfterValidator(_locale)] = ""
    """Language tag of the visitor's browser: de-DE."""
    timezone: Annotated[str, AfterValidator(_timezone)] = ""
    """IANA time zone of the visitor: Europe/Berlin."""
    laws: Annotated[tuple[Law, ...], Field(min_length=1)] = ("eu",)
    """Laws under which it is judged."""


class InventoryItem(Model):
    """A cookie or storage entry that the site is known to keep."""

    name: str
    """Name pattern: `_ga*`."""
    purpose: str
    """What it is for, as the policy tells visitors."""
    party: str = "own"
    """Whose it is: `own`, or the third party's name."""


class PolicyPage(Model):
    """The page that tells visitors what is stored."""

    path: Path = "/privacy"
    """Path on the site."""
    phrases: tuple[str, ...] = ()
    """Texts that it must hold, compared without case: the controller's name, an address for requests."""
    links: tuple[str, ...] = ()
    """Links that it must have, as they stand in `href`."""
    updated: Pattern = ""
    """Regular expression whose first group is the date of the last change, as 2026-11-21: `Updated (\\d{4}-\\d\\d-\\d\\d)`."""
    months: Annotated[int, Field(ge=1)] = 24
    """Oldest age of that date, in months."""


class Consent(Model):
    """The consent banner, judged by its effects in a fresh browser."""

    page: Path = "/"
    """Page on which the banner is met."""
    other_page: Path | None = None
    """A second page, to see that the choice lasts; default: the same page again."""
    banner: Css = ""
    """CSS selector of the banner; empty: found by its words."""
    accept: Css = ""
    """CSS selector of the control that accepts all; empty: found by its words."""
    reject: Css = ""
    """CSS selector of the control that rejects all; empty: found by its words."""
    preferences: Css = ""
    """CSS selector of the banner's control that opens preferences; empty: found by its words."""
    settings: Css = ""
    """CSS selector of the page's control that opens the choice again; empty: found by its words."""
    autoconsent: bool = False
    """Whether to try the rules of DuckDuckGo's autoconsent where selectors and words find no banner or no control; they
    come with `pip install 'gonogo[autoconsent]'`."""
    essential_cookies: tuple[str, ...] = ()
    """Name patterns of cookies and storage keys that need no consent."""
    laws: Annotated[tuple[Law, ...], Field(min_length=1)] = ("eu",)
    """Laws under which the site is judged where no region is declared, or before those that are."""
    regions: tuple[ConsentRegion, ...] = ()
    """Further visitors, each with visits of their own."""
    record: Annotated[str, AfterValidator(_cookie_name)] = ""
    """Name of the cookie that holds the choice; with it its lifetime and attributes are judged."""
    revised: Annotated[str, AfterValidator(_cookie_value)] = ""
    """A value that this cookie had under an earlier policy: who comes with it must be asked again."""
    watch_s: Annotated[float, Field(ge=0, le=60)] = 4.0
    """Seconds after load for which a page is watched on which nothing is chosen: for tags that start late."""
    expiry_days: Annotated[int, Field(ge=1, le=3650)] = 396
    """After so many days the visitor must be asked again; the default is thirteen months."""
    tracker_days: Annotated[int, Field(ge=1, le=3650)] = 396
    """Longest lifetime of a cookie that needs consent; the default is thirteen months."""
    consent_mode: bool = False
    """Whether Google Consent Mode v2 must be in use."""
    inventory: tuple[InventoryItem, ...] = ()
    """Every cookie and storage entry that is known; with it, others are findings."""
    policy: PolicyPage | None = None
    """Facts that the policy page must show."""
    collectors: tuple[Path, ...] = ()
    """Path patterns on the site's own hosts that take analytics hits: /g/collect*."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        yield from twice(said, "regions")
        if said.get("revised") and not said.get("record"):
            yield Slip(("revised",), "needs consent.record, the cookie that has this value")

    settle_s: Annotated[float, Field(gt=0, le=30, allow_inf_nan=False)] = 1.0
    """How long a page is watched after it has loaded."""
    appear_s: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 5.0
    """How long after load the banner may take to show on the first page of a visit, before it counts as absent."""
