"""Rights: the node and its people, and who may do and see what.

In come passphrases, key files, shares of a recovery kit and requests; out come an unlocked node, and yes or no.
It must never hand out a key, nor let anybody through who only claims to be somebody.
"""
