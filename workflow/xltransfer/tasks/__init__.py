"""The tasks: labels, heads, losses, decoders and scores for the common training loop."""
