"""What people and services do to pictures before they turn up again, each a named function.

In come a picture and a seeded generator; out comes the changed picture, and how it is to be written.
It must never promise more than the main job's PDQ with turned versions and trimmed borders can find.
"""

from safelight.samples.transforms.registry import TRANSFORMS, by_class, two_step
from safelight.samples.transforms.transform import Encoding, Transform, TransformClass

__all__ = ["TRANSFORMS", "Encoding", "Transform", "TransformClass", "by_class", "two_step"]
