"""What a checkpoint outside protects is told from what nothing protects."""

from datetime import UTC, datetime

import pytest

from safelight.log.outside import HandedOut, protection

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def test_without_a_checkpoint_outside_nothing_is_protected():
    found = protection(12, None)
    assert (found.state, found.good) == ("no checkpoint was handed out", False)
    assert "written anew, cut short or put back" in found.follows
    assert "safelight log checkpoint" in found.follows


@pytest.mark.parametrize(
    ("published", "witnesses", "state", "follows"),
    [
        (12, 0, "10 entries under the checkpoint of 2026-03-14 12:00 UTC", "not protected: the 2 entries since"),
        (10, 2, "10 entries under the checkpoint of 2026-03-14 12:00 UTC, cosigned by 2", ""),
        (9, 0, "10 entries under the checkpoint of 2026-03-14 12:00 UTC", ""),
    ],
)
def test_what_came_after_the_checkpoint_is_counted(published, witnesses, state, follows):
    found = protection(published, HandedOut(10, AT, witnesses))
    assert (found.state, found.good, found.follows.partition(";")[0]) == (state, True, follows)
