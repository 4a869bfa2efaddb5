"""The pages of the shell: people, errors, the event log."""
