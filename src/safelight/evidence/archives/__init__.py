"""Walkers of archives. They run in the sandbox: an open file in, a bounded stream of messages out."""
