"""Instruments: what is measured inside a trained model."""
