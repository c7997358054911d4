"""Assertions: what one agency says about an item, stack, link, series or subject, signed and with its handling.

In come statements as bytes, from here or from other nodes; out go those that a reader may see, folded into a state.
Kinds and vocabularies are data, handling is decided in one function, and only queries and actions know a database.
It must never drop what it does not understand, act on it, or let what a reader may not see change what is answered.
"""
