"""Bytes into pixels, frames, metadata and structure. Runs inside the sandbox.

In come the bytes of one file, of any origin; out go pixel arrays, frames, embedded thumbnails and parsed metadata.
What a file is, is told from its content, never from its name.
It must never open a file, reach a network, or trust a length that a file claims.
"""
