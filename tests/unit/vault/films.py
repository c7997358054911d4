"""Films as they come out of the sandbox, made from given hashes."""

import numpy as np

from safelight.signatures.film import FilmEnd
from safelight.signatures.film_reading import Film
from tests.unit.signatures.test_film import HEAD

END = FilmEnd(1, 0, 0, 0, 0, 0, 0, None, None)


def film_of(times, hashes, *, asking=(), turned=None, trimmed=None, quality=100):
    """A film with `hashes` at `times` (microseconds), of which those at the times `asking` have turned versions."""
    n, m = len(times), len(asking)
    return Film(
        HEAD.facts,
        np.array(times, np.int64),
        np.array(hashes, np.uint8).reshape(n, 32),
        np.zeros((n, 32), np.uint8) if trimmed is None else trimmed,
        np.full(n, quality, np.uint8),
        np.array(asking, np.int64),
        np.zeros((m, 7, 32), np.uint8) if turned is None else turned,
        END,
        None,
    )


def random_codes(count, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)
