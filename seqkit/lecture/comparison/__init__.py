"""Comparisons: rungs and variants trained on the same data."""
