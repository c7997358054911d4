"""What media are near a text that was found.

In go sightings of texts, out come the pictures and videos in the same mail, folder or archive, by a rule one can say.
It must never look into another case, nor say how near something is meant.
"""
