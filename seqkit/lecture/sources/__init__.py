"""Sources whose best possible result is known."""
