"""What of a case comes next: orders, filters, what is likely to matter, side trips (decision 0015)."""
