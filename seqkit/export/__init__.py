"""A trained model as files to pass on: weights without code, a blueprint in JSON, a model card."""
