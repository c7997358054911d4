"""The tamper-evident log: what was done with evidence, by whom, when and why, so that an outsider can check it.

In come entries, in the transaction of what they tell; out come checkpoints, tiles and proofs that need no trust in us.
A leaf is a commitment: it proves that an entry was there, and shows nothing of it.
It must never change or lose an entry that a published checkpoint covers, nor publish one before it is on the disk.
"""
