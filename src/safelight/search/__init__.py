"""Every signature within a radius.

In come codes of 64 to 512 bits (PDQ has 256) and queries; out goes each code within the Hamming distance asked for,
with its distance.
The port is a contract (`ports`); engines are exact and held against brute force.
It must never miss a code within the radius, nor return one outside it: a miss is a child not found.
"""
