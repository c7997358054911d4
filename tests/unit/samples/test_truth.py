from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.samples.truth import Expected, GroundTruth, Part, Verdict

NAMES = st.binary(min_size=1, max_size=60)
EXPECTED = st.builds(
    Expected,
    place=st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    verdict=st.sampled_from(Verdict),
    part=st.sampled_from(Part),
    promised=st.booleans(),
    original=st.none() | st.integers(0, 100),
    transform=st.none() | st.text(max_size=10),
    note=st.none() | st.text(max_size=10).filter(str.isascii),
)


@given(st.lists(EXPECTED, max_size=8), st.lists(NAMES, max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, expected, links):
    path = tmp_path_factory.mktemp("truth") / "truth.json"
    truth = GroundTruth(seed=1, originals=2, expected=expected, links=links, forbidden=["00"])
    truth.save(path)
    assert GroundTruth.load(path) == truth


def test_counts_leave_embedded_pictures_out():
    truth = GroundTruth(seed=1, originals=1)
    truth.expected.append(Expected((b"a.jpg",), Verdict.NEW))
    truth.expected.append(Expected((b"a.jpg",), Verdict.NEW, Part.EMBEDDED))
    assert truth.counts() == {"new": 1}
    assert list(truth.by_place()) == [(b"a.jpg",)]
