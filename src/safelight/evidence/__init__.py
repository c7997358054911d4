"""The entrance: exhibits, items, sightings and their custody; walks folders, files and archives.

In come paths on this machine; out goes one stream of sightings, each with exact path bytes, times, size and parent.
Content is digested here, outside the sandbox; archives are walked inside it.
It must never write to a source, follow a link out of it, or pass over something without naming it.
"""
