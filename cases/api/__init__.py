"""The JSON interface under /api/v1/: the same acts as the pages, called by the review screen."""
