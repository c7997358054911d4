"""Texts of a case's items are found by their words, of this case alone, and the log says first who asked and why."""

import io
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from PIL.PngImagePlugin import PngInfo

from safelight.assertions.actions import do_receive_assertion
from safelight.assertions.record import About
from safelight.casework.finding.actions import Found, do_search_case
from safelight.errors import UsageError
from safelight.known.actions import do_import_list
from safelight.known.importing import ImportOptions
from safelight.log.queries import recorded_entries
from safelight.platform.settings import mark_demo, read_settings
from safelight.samples.pictures import picture
from tests.integration.assertions.node import KEYS, sent
from tests.integration.casework.conftest import NOW
from tests.nodes import acting_in, node_in
from tests.unit.assertions.example import identifier, open_to_all, statement

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = datetime(2030, 1, 31, 13, 0, tzinfo=UTC)


def written(number, comment):
    """A PNG with a comment."""
    text = PngInfo()
    text.add_text("Comment", comment)
    buffer = io.BytesIO()
    picture(11, number, (96, 64)).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def search(bench, asked, case="Case", why="a lead from Agency Beta"):
    return do_search_case(case, asked, why=why, acting=acting_in(bench.data), now=NOW)


def say(bench, content, text, number, kind="note", **more):
    said = statement(
        kind, number, agency="Agency Beta", about=About(type="item", ids=(sha256(content).hexdigest(),)),
        says={"text": text} if kind == "note" else {"why": text}, purpose="identify-persons-and-objects", **more,
    )  # fmt: skip
    do_receive_assertion(sent(said), KEYS, node_in(bench.data), acting_user="officer", now=TOLD)


def test_paths_comments_lists_and_statements_are_found_by_their_words(bench, tmp_path):
    first, second = written(1, "Lighthouse, evening"), written(2, "nothing to read")
    bench.put("boats/Harbour 12.png", first)
    bench.put("b.png", second)
    mark_demo(bench.data)
    listed = tmp_path / "demo-not-for-use-list.csv"
    listed.write_text(f"sha256,category,series\n{sha256(second).hexdigest()},1,Series Meadow\n")
    settings, node = read_settings(data=bench.data), node_in(bench.data)
    do_import_list(
        listed, options=ImportOptions(scheme="DEMO"), settings=settings, node=node, acting_user="officer", now=NOW
    )
    bench.check()
    say(bench, first, "The lamp by the window", 1)
    found = {
        asked: [(one.sha256, [where for where, _ in one.texts]) for one in search(bench, asked)]
        for asked in ("harbour", "LIGHTHOUSE evening", "series meadow", "window lamp", "lamp meadow", "nowhere")
    }
    one, other = sha256(first).digest(), sha256(second).digest()
    assert found == {
        "harbour": [(one, ["path"])],
        "LIGHTHOUSE evening": [(one, ["text: Comment"])],
        "series meadow": [(other, ["series by demo-not-for-use-list"])],
        "window lamp": [(one, ["note text by Agency Beta"])],
        "lamp meadow": [],
        "nowhere": [],
    }
    assert search(bench, "lighthouse") == [Found(one, (("text: Comment", "Lighthouse, evening"),))]


def test_what_was_taken_back_or_is_not_for_this_node_is_not_found(bench):
    content = written(1, "a")
    bench.put("a.png", content)
    bench.check()
    say(bench, content, "the lamp", 1)
    say(
        bench,
        content,
        "the mirror",
        2,
        handling=open_to_all(all_units=False, providers=False, agencies=("Agency Gamma",)),
    )
    assert [len(search(bench, asked)) for asked in ("lamp", "mirror")] == [1, 0]
    say(bench, content, "a mistake", 3, "withdrawn", supersedes=(identifier(1),), made=TOLD - timedelta(minutes=1))
    assert search(bench, "lamp") == []


def test_another_case_is_not_searched(bench):
    bench.put("harbour.png", written(1, "a"))
    bench.check(case="Case Harbour", exhibit="one")
    (bench.source / "harbour.png").unlink()
    bench.put("meadow.png", written(2, "b"))
    bench.check(case="Case Meadow", exhibit="two")
    assert [len(search(bench, "png", case=f"Case {name}")) for name in ("Harbour", "Meadow")] == [1, 1]
    assert search(bench, "harbour", case="Case Meadow") == []


def test_who_asked_for_what_and_why_is_in_the_log_before_anything_is_read(bench):
    bench.put("harbour.png", written(1, "a"))
    bench.check()
    search(bench, "Harbour lamp")
    asked = [one for one in recorded_entries(node_in(bench.data).log_sealer) if one.event == "casework:case:searched"]
    [said] = [json.loads(one.record) for one in asked]
    assert (said["why"], said["about"]) == ("a lead from Agency Beta", {"asked": "Harbour lamp", "case": "Case"})
    for words, why in (("harbour", " "), ("...", "a lead"), ("", "a lead")):
        with pytest.raises(UsageError):
            search(bench, words, why=why)
