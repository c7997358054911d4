"""Practice material: seeded benign pictures, transforms, seizures and known bases, with their ground truth.

In come a seed and a size; out go files on disk and a record of what each is and which verdict it should get.
Every picture is generated, or a photograph without people from an installed package, each looked at by eye.
It must never contain a person, a real grade, or a name that could be taken for a real case.
"""
