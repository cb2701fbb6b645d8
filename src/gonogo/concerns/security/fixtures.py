"""The security concern's fixtures."""

from __future__ import annotations

from gonogo.concerns.security.cors import CORS
from gonogo.concerns.security.exposure import EXPOSURE
from gonogo.concerns.security.limits import LIMITS
from gonogo.concerns.security.pages import PAGES
from gonogo.concerns.security.ways import WAYS

SECURITY = (*PAGES, *WAYS, *CORS, *EXPOSURE, *LIMITS)
