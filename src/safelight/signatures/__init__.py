"""Pixels and bytes into signatures: digests, PDQ hashes and their eight turned versions, pixel digests, tiles.

In come bytes and pixel arrays; out go values that say what they are and whether they carry information.
`examine` is what runs in the sandbox: bytes of a picture in, one bounded `Examination` out.
It must never rank, match or store, and never call a hash usable that holds nothing but noise.
"""
