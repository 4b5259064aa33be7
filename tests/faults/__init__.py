"""Faults in number: a small study is disturbed at a random moment, and must end in the same files.

The kinds of faults on one machine are in `local.py`, those of a cluster in `tests/slurm`. Both use
the study and its undisturbed run, trials with their moments and commands, and the file of results.
"""
