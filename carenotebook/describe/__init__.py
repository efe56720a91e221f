"""Attendance, gaps, capacity and outcomes, described."""
