"""The run of a check: sources in, recorded sightings with verdicts out, resumable at any instruction.

Threads of the parent only wait, read and digest; decoding happens in the sandbox. One thread walks, some read, the pool
examines, the caller's thread records in batches: what it has committed is acknowledged, the rest is done again.
"""
