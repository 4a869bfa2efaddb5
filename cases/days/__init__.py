"""Figures of days: what a case and an agency came to, and how it may go on (decision 0019)."""
