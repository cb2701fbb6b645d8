"""What the tests of browsers share; a module that serves pages of its own has its own `server`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import Probe, Server, probing, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        yield one


@pytest.fixture(scope="module")
def probe(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    with probing(server, tmp_path_factory.mktemp("evidence")) as one:
        yield one
