"""Training: run folders, checkpoints, the Trainer's settings."""
