"""One running service for all tests of a module."""

from __future__ import annotations

from tests.members.conftest import house

__all__ = ["house"]
