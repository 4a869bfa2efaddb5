"""The demonstration: drawn landscapes and test charts, two agencies, four people. Nothing in it was photographed."""
