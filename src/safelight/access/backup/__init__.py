"""Backup and restore of a whole node, while it works.

In come a node and a folder; out come sealed parts under a signed manifest, and from them the node again.
It must never write anything that opens without the node's root key, nor take half a backup for a whole one.
"""
