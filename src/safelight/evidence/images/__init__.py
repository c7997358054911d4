"""Walkers of disk images. They run in the sandbox: open files in, a bounded stream of messages out."""
