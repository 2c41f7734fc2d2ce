# A ring as a Python file: one point a member on a circle, and a key belongs to the next one.
import bisect
import hashlib


def point(name):
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


# Called once for each set of members, before any lookup: (name, weight, zone) of each.
def update(members):
    global circle
    circle = sorted((point(name), name) for name, weight, zone in members)


# The owner's name, for a whole number below 2^64.
def lookup(key_hash):
    return circle[bisect.bisect_left(circle, (key_hash,)) % len(circle)][1]
