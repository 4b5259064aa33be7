"""Analyses of scores and representations."""
