"""[delivery]."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gonogo.environment.model import Model
from gonogo.environment.values import Path


class Delivery(Model):
    """Caching and compression of what browsers download."""

    assets: tuple[Path, ...] = ()
    """Paths with a content hash in their name."""
    asset_max_age_s: Annotated[int, Field(ge=0)] = 31_536_000
    """Least `max-age` of those assets, seconds; the default is a year."""
    text: tuple[Path, ...] = ()
    """Paths of text larger than 1 KiB that must be compressed."""
