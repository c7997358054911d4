"""Finding items of a case by their texts.

In go a case and words, out come the items whose texts hold them all, once the log says who asked and why.
It must never search another case, and leave no index behind.
"""
