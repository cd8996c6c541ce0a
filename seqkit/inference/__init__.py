"""Inference: what a trained model does step by step."""
