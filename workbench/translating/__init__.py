"""Texts in other languages: found in the code (`extraction`), kept in locale/ (`update`), made ready (`catalogs`)."""
