"""[vitals]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gonogo.environment.model import Model
from gonogo.environment.slips import Slip, Told, rows, texts
from gonogo.environment.values import FileName, Path, Pointer, Positive, Selector, Share, _pressed_there, _selector

ResourceType = Literal["document", "script", "stylesheet", "image", "font", "media", "other", "total"]


class Interaction(Model):
    """Something that a visitor presses; INP is that of the slowest."""

    selector: Annotated[str, Field(min_length=1), AfterValidator(_selector)]
    """CSS selector of what is clicked, or of what has the focus when the key is pressed."""
    key: Annotated[str, AfterValidator(_pressed_there)] = ""
    """Key that is pressed, by Playwright's name (`Enter`, `a`); empty: a click."""
    page: Path | None = None
    """Only on this page; default: on each."""


Count = Annotated[int, Field(ge=0)]


class ThirdPartyBudget(Model):
    """What other registrable domains than the site's own may add to a page."""

    bytes: Count | None = None
    """Transferred, at most; what is answered locally (`intercept`) has none."""
    requests: Count | None = None
    """Requests, at most."""


Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PageBudget(Model):
    """Budgets of some pages, instead of the section's own; the last entry whose path fits counts."""

    path: str
    """Path of the page as in robots.txt: a prefix in which `*` stands for anything and a last `$` for the end."""
    lcp_ms: Positive | None = None
    """Largest Contentful Paint."""
    fcp_ms: Positive | None = None
    """First Contentful Paint."""
    tbt_ms: Limit | None = None
    """Total Blocking Time."""
    ttfb_ms: Positive | None = None
    """Time to First Byte."""
    inp_ms: Positive | None = None
    """Interaction to Next Paint."""
    cls: Limit | None = None
    """Cumulative Layout Shift."""
    bytes: dict[ResourceType, Count] | None = None
    """Transferred bytes by type."""
    uncompressed: dict[ResourceType, Count] | None = None
    """Bytes by type, as the page gets them."""
    requests: dict[ResourceType, Count] | None = None
    """Requests by type."""
    third_party: ThirdPartyBudget | None = None
    """Third parties."""


class FieldData(Model):
    """What real visitors' browsers reported, from an endpoint of the site; the defaults fit the Chrome UX Report's API."""

    path: Path
    """Path of a JSON document on the site."""
    lcp: Pointer = "/record/metrics/largest_contentful_paint/percentiles/p75"
    """JSON Pointer to the 75th percentile of LCP, milliseconds."""
    cls: Pointer = "/record/metrics/cumulative_layout_shift/percentiles/p75"
    """JSON Pointer to the 75th percentile of CLS."""
    inp: Pointer = "/record/metrics/interaction_to_next_paint/percentiles/p75"
    """JSON Pointer to the 75th percentile of INP, milliseconds."""


class Vitals(Model):
    """Core Web Vitals in a lab browser; the defaults are the "good" limits of https://web.dev/articles/vitals."""

    pages: Annotated[tuple[Path, ...], Field(min_length=1)] = ("/",)
    """Pages that are measured."""
    device: Literal["desktop", "mobile"] = "desktop"
    """Screen size and slow-down of the measuring browser."""
    runs: Annotated[int, Field(ge=1, le=15)] = 3
    """Visits to each page; the median is judged."""
    interaction: Selector = ""
    """CSS selector of what is clicked to measure INP; empty, and no [[vitals.interactions]]: INP is not judged."""
    lcp_ms: Positive = 2500
    """Largest Contentful Paint, at most, milliseconds."""
    cls: Positive = 0.1
    """Cumulative Layout Shift, at most; it has no unit."""
    inp_ms: Positive = 200
    """Interaction to Next Paint, at most, milliseconds."""
    ttfb_ms: Positive = 800
    """Time to First Byte, at most, milliseconds."""
    bytes: dict[ResourceType, Count] = {}
    """Transferred bytes by type, the largest of the runs."""
    fcp_ms: Positive = 1800
    """First Contentful Paint, at most, milliseconds."""
    tbt_ms: Limit = 200
    """Total Blocking Time until the page has settled, at most, milliseconds."""
    headroom: Share = 0.1
    """A median in this last share of its budget is a finding of low severity."""
    uncompressed: dict[ResourceType, Count] = {}
    """Bytes by type as the page gets them, the largest of the runs."""
    requests: dict[ResourceType, Count] = {}
    """Requests by type, the most of the runs."""
    third_party: ThirdPartyBudget | None = None
    """What other registrable domains may add."""
    interactions: tuple[Interaction, ...] = ()
    """Further presses whose INP is measured, in order."""
    also_on: tuple[Literal["desktop", "mobile"], ...] = ()
    """Further devices on which the same pages are measured."""
    throttling: Literal["device", "none"] = "device"
    """`device`: a phone has slow 4G and a quarter of this machine's processor, a desktop is not slowed down."""
    stored_consent: bool = True
    """Where [consent] is declared, measure a second load of each visit too, after everything was accepted."""
    warm_up: bool = True
    """One visit before the first run, which is not judged; it tells which scripts and styles were not used."""
    reruns: Annotated[int, Field(ge=0, le=15)] = 3
    """Further visits, made only where a median is over its budget while some run kept it; theirs must be over it too."""
    budgets: tuple[PageBudget, ...] = ()
    """Budgets of some pages."""
    budgets_file: FileName = ""
    """`budget.json` as Lighthouse CI reads it, from the environment file; its entries come before [[vitals.budgets]]."""
    field: FieldData | None = None
    """Data of real visitors."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        measured = texts(said, "pages", ("/",))
        for at, row in rows(said, "interactions"):
            page = row.get("page")
            if measured and isinstance(page, str) and page not in measured:
                message = f"this page is not measured, so it would be pressed nowhere; measured: {', '.join(measured)}"
                yield Slip(("interactions", at, "page"), message[:500])
