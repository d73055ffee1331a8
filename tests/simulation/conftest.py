"""Databases for what is simulated on real ones."""

from tests.databases import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
