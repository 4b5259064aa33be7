"""What the stages cost beside other tools and beside what the hardware allows: ``make bench``."""
