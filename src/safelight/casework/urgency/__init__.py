"""What says that a child may be at risk now, about the contents of a case.

In come a case or its report and who reads; out goes what is urgent, said before everything else, by path.
It must never open a content for that, nor say what the reader may not see.
"""
