"""The lecture as instruments: sources with known answers, rungs to beat, comparisons, and looks inside a model."""
