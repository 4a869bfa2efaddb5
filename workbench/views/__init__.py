"""The pages of the shell: people, errors, the audit log."""
