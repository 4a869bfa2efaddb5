"""The demonstration: drawn landscapes and test charts, two agencies, five people. Nothing in it was photographed."""
