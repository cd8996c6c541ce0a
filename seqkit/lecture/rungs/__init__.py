"""The counted rungs of the ladder: what a model is held against."""
