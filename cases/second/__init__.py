"""Second views: drawn with the decision, given blind, settled when the batch ends, ruled where two people differ."""
