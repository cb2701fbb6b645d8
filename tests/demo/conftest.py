from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from gonogo.demo import provider


@dataclass
class Clients:
    """Speaks to the demo as its visitors do: names and certificates are checked, addresses are loopback."""

    demo: provider.Demo
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=self.demo.variables["DEMO_CA_FILE"])
        self.client = httpx.Client(verify=context, trust_env=False, timeout=10)

    def request(self, path: str, *, method: str = "GET", role: str = "", **more: object) -> httpx.Response:
        return self.at("www.acme.test", "DEMO_HTTPS_PORT", path, method=method, role=role, **more)

    def collector(self, host: str, path: str, *, method: str = "POST", **more: object) -> httpx.Response:
        return self.at(host, "DEMO_COLLECTOR_PORT", path, method=method, **more)

    def plain(self, path: str) -> httpx.Response:
        port = self.demo.variables["DEMO_HTTP_PORT"]
        return self.client.get(f"http://127.0.0.1:{port}{path}", headers={"Host": f"www.acme.test:{port}"})

    def at(
        self, host: str, variable: str, path: str, *, method: str, role: str = "", headers=None, content=None
    ) -> httpx.Response:
        port = self.demo.variables[variable]
        sent = {"Host": f"{host}:{port}", **(headers or {})}
        if role:
            sent["Authorization"] = f"Bearer {self.demo.variables[f'DEMO_{role.upper()}_TOKEN']}"
        self.client.cookies.clear()
        return self.client.request(
            method,
            f"https://127.0.0.1:{port}{path}",
            headers=sent,
            content=content,
            extensions={"sni_hostname": host},
        )

    @property
    def origin(self) -> str:
        return f"https://www.acme.test:{self.demo.variables['DEMO_HTTPS_PORT']}"


@pytest.fixture(scope="session")
def running_demo() -> Iterator[provider.Demo]:
    started = time.perf_counter()
    with provider.start() as demo:
        print(f"\nthe demo started in {time.perf_counter() - started:.2f} s")
        yield demo


@pytest.fixture
def demo(running_demo: provider.Demo) -> Iterator[provider.Demo]:
    running_demo.reset()
    yield running_demo
    running_demo.inject([])


@pytest.fixture
def clients(demo: provider.Demo) -> Iterator[Clients]:
    made = Clients(demo)
    with made.client:
        yield made
