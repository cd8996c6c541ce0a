"""Backbone: recurrent cells and their stack."""
