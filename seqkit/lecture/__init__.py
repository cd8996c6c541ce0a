"""The lecture as instruments: made sources with known answers, and what they are held against."""
