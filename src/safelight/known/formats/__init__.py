"""Readers of foreign list formats. Each is a generator that runs in the sandbox: a file in, checked rows out."""
