"""Sealed content: keys, the store of objects, and the table of digests and perceptual hashes.

In come bytes, signatures and keys to wrap; out they come again, to code that may ask.
Both stand behind one module each (`objects`, `signatures`), so that sealing them changes nothing elsewhere.
It must never hand out a row or an object that was removed, nor acknowledge what is not yet on the disk.
"""
