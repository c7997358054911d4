"""What says that a child may be at risk now is found by where it lies, whether of the content, a stack or a series."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from safelight.assertions.actions import do_receive_assertion
from safelight.assertions.record import About
from safelight.casework.models import Case
from safelight.casework.report.gather import gather
from safelight.casework.report.model import ReportStack
from safelight.casework.urgency import queries as urgency
from safelight.casework.urgency.queries import said_first, urgent_about, urgent_sightings
from safelight.known.statements import reader_of
from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.integration.assertions.node import KEYS, sent
from tests.integration.casework.conftest import NOW
from tests.nodes import node_in
from tests.unit.assertions.example import identifier, open_to_all, statement

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = datetime(2030, 1, 31, 13, 0, tzinfo=UTC)
HARBOUR = identifier(99)


def png(number):
    return FORMATS["png-rgb"].write(picture(13, number, (96, 64)))


def say(bench, kind, number, about, says=None, **more):
    said = statement(
        kind, number, agency="Agency Beta", about=about, purpose=more.pop("purpose", "identify-persons-and-objects"),
        **({} if says is None else {"says": says}), **more,
    )  # fmt: skip
    do_receive_assertion(sent(said), KEYS, node_in(bench.data), acting_user="officer", now=TOLD)


def digest(content):
    return sha256(content).hexdigest()


def test_each_place_with_something_urgent_is_named_and_leads_the_report(bench, monkeypatch):
    monkeypatch.setattr(urgency, "_AT_A_TIME", 2)
    contents = {f"{name}.png": png(number) for number, name in enumerate("abcdef")}
    for name, content in contents.items():
        bench.put(name, content)
    bench.check()
    case, node = Case.objects.get(name="Case"), node_in(bench.data)
    reader = reader_of(node, NOW)
    assert urgent_sightings(case, "Exhibit", reader, node) == []
    item = {name: About(type="item", ids=(digest(content),)) for name, content in contents.items()}
    say(bench, "urgent", 1, item["a.png"])
    say(bench, "urgent", 2, About(type="stack", ids=tuple(sorted((digest(contents["b.png"]), "ab" * 32)))))
    say(bench, "in-series", 3, item["c.png"], {"series": HARBOUR})
    say(bench, "urgent", 4, About(type="series", ids=(HARBOUR,)))
    say(bench, "urgent", 5, item["d.png"], handling=open_to_all(all_units=False, agencies=("Agency Gamma",)))
    say(bench, "urgent", 6, item["e.png"], purpose="removal")
    say(bench, "in-series", 7, item["f.png"], {"series": identifier(98)})
    found = urgent_sightings(case, "Exhibit", reader, node)
    told = {one.path.rpartition("/")[2]: [(said.about, said.assertion) for said in one.said] for one in found}
    assert told == {
        "a.png": [("item", identifier(1))],
        "b.png": [("stack", identifier(2))],
        "c.png": [("series", identifier(4))],
    }
    report = gather(case, node.vault, now=NOW, demo=True)
    calm, alarming = (ReportStack("new", ((digest(contents[one]), "copy", 0),), ()) for one in ("f.png", "a.png"))
    without = replace(report.items[0], sha256="")
    first = said_first(replace(report, items=(without, *report.items), stacks=(calm, alarming)), reader, node)
    assert [bool(one.urgent) for one in first.items] == [True] * 3 + [False] * 4
    assert first.stacks == (alarming, calm)
    say(bench, "withdrawn", 8, item["a.png"], supersedes=(identifier(1),))
    assert len(urgent_sightings(case, "Exhibit", reader, node)) == 2
    bench.put("b.png", png(77))
    bench.check()
    assert [one.path.rpartition("/")[2] for one in urgent_sightings(case, "Exhibit", reader, node)] == ["c.png"]
    assert urgent_about([b"\0" * 32], reader, node) == {}


def test_where_nobody_said_anything_nothing_is_asked(bench):
    node = node_in(bench.data)
    assert urgent_about(iter(()), reader_of(node, NOW), node) == {}
