"""Synthetic cohorts with a known truth: invented people, an invented service, stated effects."""
