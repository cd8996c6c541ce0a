"""Data: sources, splits, the flat store, batch plans and loaders."""
