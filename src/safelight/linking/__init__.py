"""Matches into stacks: which items of a case are copies of one picture.

In come items with their hashes, sizes and 64 x 64 tiles; out go stacks with one representative each, and near copies.
The answer is the same whatever the order of the input or the number of workers.
It must never chain copies of copies, nor join what differs in shape.
"""
