"""The scenes: one module a subject, each a function of a seeded generator and a size that returns light.

In come a generator and a size; out comes a picture of a landscape, a harbour, a town, a room, things on a table or a
surface. It must never contain a person, a face or a figure, nor any writing that could be taken for a real name.
"""
