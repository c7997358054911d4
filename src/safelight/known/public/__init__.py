"""Published lists of known good at the size of the NSRL: sorted digests in files of their own, not rows in tables.

In come the rows of a list that everybody may have; out go files that are never changed, and answers from them.
It must never hold a list that is not published: what lies here lies in clear, and is in no backup.
"""
