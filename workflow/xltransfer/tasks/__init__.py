"""The tasks: what a task adds to the one training loop."""
