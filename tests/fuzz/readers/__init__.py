"""One module for each reader of outside data; each names its class ``SUBJECT``."""
