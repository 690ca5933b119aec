"""Settings shared by all tests: property tests stay short by default; `make fuzz` makes them long."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.stores import new_home

_SLOW_MACHINE = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile("default", max_examples=25, deadline=None, suppress_health_check=_SLOW_MACHINE, derandomize=True)
settings.register_profile("fuzz", max_examples=2500, deadline=None, suppress_health_check=_SLOW_MACHINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new store, closed; to be copied."""
    return new_home(tmp_path_factory.mktemp("store") / "lake")
