"""What the instruments measured, for the reader."""
