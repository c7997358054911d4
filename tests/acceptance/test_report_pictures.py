"""A report with pictures, as a person makes it: planned, made for one recipient, and known to be with him."""

import pytest

from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.acceptance.commands import run

pytestmark = pytest.mark.acceptance
FOR = ("--pictures-for", "Agency Beta")


def test_who_is_given_pictures_stands_in_the_list_of_what_was_handed_out(tmp_path):
    source, data = tmp_path / "source", ("--data", tmp_path / "data")
    source.mkdir()
    (source / "a.png").write_bytes(FORMATS["png-rgb"].write(picture(33, 1, (96, 64))))
    assert run("check", source, "--case", "My case", *data).status == 0
    alone = run("report", "My case", "--plan", *data)
    assert (alone.status, "say for whom it is" in alone.err) == (2, True)
    planned = run("report", "My case", *FOR, "--plan", *data)
    [plan] = planned.events("plan")
    assert (planned.status, plan["case"], plan["recipient"], len(plan["items"])) == (0, "1", "Agency Beta", 1)
    assert not list(tmp_path.glob("*.html"))
    out = ("--out", tmp_path)
    assert run("report", "My case", *FOR, *out, *data).status == 2  # without a reason
    assert run("report", "My case", *FOR, "--why", "a made-up order", *out, *data).status == 0
    [page] = tmp_path.glob("*.html")
    assert "<img" in page.read_text()
    [given] = run("export", "list", *data).events("handout")
    assert (given["recipient"], given["bundle"], given["sha256"]) == ("Agency Beta", "written", plan["items"][0])
