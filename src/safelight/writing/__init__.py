"""Texts that lie beside media into what is written in them: words, addresses, accounts. Runs inside the sandbox.

In come the first bytes of a file that is no media, or the fields of a mail; out goes one bounded `Written`.
What a text is, is told from its content, never from its name.
It must never follow an address, expand an entity, or take longer than in proportion to what it is given.
"""
