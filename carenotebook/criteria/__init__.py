"""Criteria: terms over continuous time, rules, and their exact replay."""
