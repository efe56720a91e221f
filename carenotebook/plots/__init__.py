"""Altair charts of results, of released figures only."""
