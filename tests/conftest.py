"""Shared by all tests: one running demo a process, and a way to run the main job against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from main_job import MainJob

from gonogo.demo import provider

# Properties are of values; how long a busy machine takes to try one is none.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[provider.Demo]:
    """A running demo; its file for GONOGO_DEMO is `demo_file`."""
    running = provider.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def demo_file(demo: provider.Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.json"
    demo.publish(path)
    return path


@pytest.fixture
def job(demo_file: Path, tmp_path: Path) -> MainJob:
    return MainJob(demo_file, tmp_path / "reports")
