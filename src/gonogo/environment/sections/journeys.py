"""[[journeys]]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gonogo.environment.model import Model, Secret
from gonogo.environment.slips import Slip, Told
from gonogo.environment.values import (
    Name,
    Path,
    Pointer,
    Positive,
    RoleName,
    Said,
    Selector,
    StatusCode,
    _aria_role,
    _place,
    _said,
    _selector,
    key_name,
)

JOURNEY_ACTIONS = ("goto", "click", "fill", "press", "see", "absent", "url", "title", "response", "elapse_s")


class JourneyStep(Model):
    """One step of a journey: exactly one of the actions, and what it needs."""

    goto: Path | None = None
    """Open this path of the site."""
    click: Said | None = None
    """Click what is named so; see `role` and `by`."""
    fill: Said | None = None
    """Put `value` or `secret` into the field named so, by its label."""
    press: Annotated[str, Field(min_length=1), AfterValidator(key_name)] | None = None
    """Press a key, by Playwright's name: Enter, Escape, Control+A."""
    see: Said | None = None
    """Wait until this is visible."""
    absent: Said | None = None
    """Wait until this is not visible."""
    url: Annotated[str, Field(min_length=1), AfterValidator(_said), AfterValidator(_place)] | None = None
    """Wait until the page's path and query match this pattern: /orders/*"""
    title: Said | None = None
    """Wait until the page's title holds this."""
    response: Path | None = None
    """Wait for an answer to a request for this path pattern, one that no earlier step waited for."""
    elapse_s: Positive | None = None
    """Let so many seconds pass in the page, at once: its timers fire."""
    role: Annotated[str, AfterValidator(_aria_role)] = ""
    """ARIA role of what is named: button, link, heading, textbox."""
    by: Literal["text", "label", "selector"] = "text"
    """What names an element without a role: its visible text, its label, or a CSS selector."""
    value: str = ""
    """Text for `fill`."""
    secret: Secret = Secret("")
    """The same as `${NAME}`; it is never shown."""
    status: tuple[StatusCode, ...] = ()
    """Statuses expected of `goto` or `response`; empty: any below 400."""
    within_s: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 5.0
    """How long the step may take."""

    @property
    def action(self) -> str:
        return next(name for name in JOURNEY_ACTIONS if getattr(self, name) is not None)

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        given = [name for name in JOURNEY_ACTIONS if said.get(name) is not None]
        # An unknown key is told by itself, and may be the action.
        if len(given) > 1 or (not given and said.keys() <= cls.model_fields.keys()):
            yield Slip((), f"a step has one action of {', '.join(JOURNEY_ACTIONS)}; found {', '.join(given) or 'none'}")
        if "fill" in given and not {"value", "secret"} & said.keys():
            yield Slip((), '`fill` needs `value` or `secret`; `value = ""` empties the field')
        for action in ("click", "fill", "see", "absent"):
            named = said.get(action)
            if isinstance(named, str) and said.get("by") == "selector" and not said.get("role"):
                try:
                    _selector(named)
                except ValueError as error:
                    yield Slip((action,), str(error))


class Freshness(Model):
    """How old a page's data may be, by the time that it names itself."""

    response: Path | None = None
    """Path pattern of the answer that holds the time, the last one of the journey."""
    pointer: Pointer = ""
    """Where it stands in the answer (RFC 6901): /generated_at"""
    selector: Selector = ""
    """CSS selector of the element that shows it, in `datetime` or as text; in place of an answer."""
    max_age_s: Positive = 60
    """Oldest age, seconds."""

    @classmethod
    def slips(cls, said: Told) -> Iterator[Slip]:
        if (said.get("response") is None) == (not said.get("selector")):
            yield Slip((), "either `response` with `pointer`, or `selector`")


class Journey(Model):
    """What a visitor does on the site, step by step, in a fresh browser."""

    name: Name
    """Names the journey in results; unique."""
    start: Path = "/"
    """Page on which it begins."""
    role: RoleName = "anonymous"
    """Role in which the visitor has signed in before; it needs `cookie` or `local_storage`."""
    consent: Literal["", "accept", "reject"] = ""
    """Choice that is made in the consent banner first."""
    device: Literal["desktop", "mobile"] = "desktop"
    """Screen of the browser."""
    steps: Annotated[tuple[JourneyStep, ...], Field(min_length=1, max_length=50)]
    """What is done and expected, in order."""
    max_s: Positive = 15.0
    """Longest time from the first step to the last, seconds."""
    fresh: Freshness | None = None
    """How old the data shown may be."""
