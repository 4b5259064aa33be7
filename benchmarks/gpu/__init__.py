"""Checks and measurements that need a GPU, as one command that runs unattended."""
