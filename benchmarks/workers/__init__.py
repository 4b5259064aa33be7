"""What runs in a process of its own for one side of a pair."""
