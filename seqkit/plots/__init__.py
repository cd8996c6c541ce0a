"""Plots in one style, one file each. Drawn without a screen, and left out where matplotlib is not installed."""
