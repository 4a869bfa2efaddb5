"""Care of those who look: time on screen, breaks, the limit of a day, and the record that is theirs (decision 0014)."""
