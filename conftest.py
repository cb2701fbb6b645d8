"""Loads the gonogo plugin for `pytest --env=NAME`; explicit, so that no other project is surprised by our options."""

pytest_plugins = ["gonogo.plugin"]
