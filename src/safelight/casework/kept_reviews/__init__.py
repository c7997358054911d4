"""Content that is kept for a case is reviewed: it is erased then, or kept on for a reason.

In comes who works on which cases, and until when to look; out go the kept contents whose review comes.
It must never let anything go by itself, nor show what is kept to who does not work on that case.
"""
