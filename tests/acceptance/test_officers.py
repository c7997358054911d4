"""Two people start a node, hold each other to four eyes, and cannot break the glass unseen; all of it typed."""

import json
import re
import stat
from contextlib import ExitStack
from functools import cache

import pytest

from safelight.platform.postgres.users import using_server
from tests.acceptance.commands import prepare, run, wait_until_stopped
from tests.acceptance.made_nodes import KEY_FILE, KIT, key_of, new_folder, put, put_node, settings_in
from tests.acceptance.test_node import typed

pytestmark = pytest.mark.acceptance
WORDS = b"a lamp of one's own\n"
ERASE = ("vault:content:erase", "--set", "owner=unit-alpha.example", "--set", f"sha256={'ab' * 32}")


class Unit:
    """A node with a key file, and a folder for officers' keys; some commands are typed at a terminal."""

    def __init__(self, folder):
        self.folder, self.data, self.settings = folder, folder / "data", settings_in(folder)

    def run(self, *words, officer=None, by=run):
        named = {} if officer is None else {"SAFELIGHT_OFFICER": officer}
        return by(*words, settings=self.settings | named)

    def prepare(self, *words, officer=None):
        """A command that a test needs and is not about."""
        return self.run(*words, officer=officer, by=prepare)

    def type(self, *words, officer=None, times=1):
        """A command at a terminal with a passphrase typed so often: its status, and what was shown."""
        settings = self.settings | {"COLUMNS": "200"} | ({} if officer is None else {"SAFELIGHT_OFFICER": officer})
        return typed([str(word) for word in words], self.data, *([WORDS] * times), settings=settings)

    def officers(self):
        assert self.prepare("officer", "list", "--names").status == 2
        return self.prepare("officer", "list", "--names", "--why", "a roll call").events("officer")

    def start(self):
        """Enrol the first two; their pseudonyms."""
        lead = ["--name", "Alex Madeup", "--role", "national-officer", "--key", self.folder / "lead.key"]
        second = ["--second-name", "Kim Fictitious", "--second-role", "supervisor"]
        second += ["--second-key", self.folder / "second.key"]
        status, shown = self.type("officer", "enrol", *lead, *second, times=4)
        assert status == 0, shown
        return re.findall(r"(officer-[0-9a-f]{8}): ", shown)

    def shares(self):
        return [word for number in (1, 3) for word in ("--share", self.folder / KIT / f"share-{number}-of-3.txt")]

    def doctor(self):
        return {one["what"]: one for one in map(json.loads, self.prepare("doctor").out.splitlines())}


@pytest.fixture
def units(tmp_path):
    """Puts nodes into folders of their own, and keeps their databases up between commands."""
    with ExitStack() as stack:

        def up(name, fill):
            (tmp_path / name).mkdir()
            unit = Unit(tmp_path / name)
            fill(unit.folder)
            stack.enter_context(using_server(unit.data, account=None, wait=60))
            return unit

        yield up


@pytest.fixture
def unit(units):
    return units("alpha", lambda folder: put_node(folder, "unit-alpha.example"))


@pytest.fixture
def started(units):
    """A unit whose first two officers are enrolled, once for all tests; and their pseudonyms."""
    made, pseudonyms = _started()
    return units("alpha", lambda folder: put(made, folder)), *pseudonyms


@cache
def _started():
    unit = Unit(new_folder())
    put_node(unit.folder, "unit-alpha.example")
    pseudonyms = unit.start()
    wait_until_stopped(unit.data)
    return unit.folder, pseudonyms


def told(shown, event):
    """The JSON line of an event among what a terminal showed."""
    [line] = [found for found in map(json.loads, re.findall(r"\{.*\}", shown)) if found["event"] == event]
    return line


def test_two_start_a_node_together(unit):
    assert '"state": "none enrolled"' in unit.run("doctor").out
    lead, second = unit.start()
    keys = [unit.folder / name for name in ("lead.key", "second.key")]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    shown = unit.officers()
    assert [(one["officer"], one["name"], one["roles"]) for one in shown] == [
        (lead, "Alex Madeup", "national-officer"),
        (second, "Kim Fictitious", "supervisor"),
    ]
    found = unit.doctor()["officers"]
    assert (found["state"], found["good"]) == ("2 enrolled", True)


def test_a_third_is_enrolled_once_two_have_signed(started):
    unit, _, second = started
    public = told(unit.type("officer", "key", unit.folder / "third.key", times=2)[1], "key")["public"]
    enrol = ("officer", "enrol", "--name", "Robin Invented", "--role", "investigator", "--public-key", public)
    assert unit.run(*enrol).status == 2
    wanted = ("access:officer:enrol", "--set", f"public-key={public}", "--set", "roles=investigator",
              "--set", "os-user=-", "--set", "days=730")  # fmt: skip
    asking = ("--why", "a third desk", "--key", unit.folder / "lead.key")
    number = str(told(unit.type("act", "request", *wanted, *asking)[1], "request")["request"])
    own = unit.type("act", "approve", number, "--key", unit.folder / "lead.key")
    assert (own[0], "another person" in own[1]) == (2, True)
    record = json.loads(unit.run("act", "show", number, officer=second).out)
    assert (record["why"], record["parameters"]["public-key"]) == ("a third desk", public)
    assert unit.type("act", "approve", number, "--key", unit.folder / "second.key", officer=second)[0] == 0
    assert unit.run(*enrol).status == 0
    [state] = [one["state"] for one in unit.run("act", "list").events("request")]
    assert state.startswith("used ")


def test_a_baseline_is_made_by_two_and_history_says_who(started):
    unit, lead, second = started
    keys = {name: unit.folder / f"{name}.key" for name in ("lead", "second")}
    draft, digest = unit.folder / "draft", "ab" * 32
    about = ("--about", f"item:{digest}", "--set", "value=true", "--basis", "Invented Act 1", "--nature", "assessment")
    [written] = unit.run("state", "make", "baseline", *about, "--draft", draft).events("draft")
    alone = unit.run("state", "send", draft)
    assert (alone.status, "signed by two officers" in alone.err) == (2, True)
    assert unit.type("state", "send", draft, "--key", keys["lead"])[0] == 2
    wanted = (
        "assertions:assertion:make-by-two",
        "--set",
        f"assertion={written['assertion']}",
        "--why",
        "graded by both",
    )
    number = str(told(unit.type("act", "request", *wanted, "--key", keys["lead"])[1], "request")["request"])
    assert unit.type("act", "approve", number, "--key", keys["second"], officer=second)[0] == 0
    other = unit.type("state", "send", draft, "--key", keys["second"])
    assert (other[0], "sign with your own" in other[1]) == (2, True)
    sent = unit.type("state", "send", draft, "--key", keys["lead"])
    assert sent[0] == 0, sent[1]
    [found] = unit.run("history", digest, "--why", "a made-up reason").events("history")
    [line] = found["lines"]
    assert f"({lead}): Baseline" in line
    assert f"approved by {second}" in line


def test_who_may_not_is_refused_and_the_log_holds(started):
    unit, lead, second = started
    assert unit.run("act", "list", officer="officer-none").status == 2
    assert unit.run("officer", "grant", second, "auditor").status == 2
    assert unit.run("officer", "withdraw", second, "supervisor", officer=second).status == 2
    assert unit.run("officer", "join", second, "7", officer=lead).events("member")[0]["member"] is True
    assert unit.run("officer", "leave", second, "7").events("member")[0]["member"] is False
    assert unit.run("officer", "revoke", second, "--why", "left the unit").status == 0
    assert unit.officers()[1]["state"].startswith("revoked ")
    assert unit.run("officer", "list", officer=second).status == 2
    assert unit.doctor()["officers"]["good"] is False
    assert unit.prepare("log", "verify", unit.data / "log", "--key", key_of("unit-alpha.example")).status == 0


def test_a_role_is_granted_by_two(started):
    unit, _, second = started
    wanted = ("access:role:change", "--set", f"officer={second}", "--set", "role=auditor", "--set", "change=grant")
    shown = unit.type("act", "request", *wanted, "--why", "yearly audit", "--key", unit.folder / "lead.key")[1]
    number = told(shown, "request")["request"]
    assert unit.type("act", "approve", number, "--key", unit.folder / "second.key", officer=second)[0] == 0
    assert unit.run("officer", "grant", second, "auditor").status == 0
    assert [one["roles"] for one in unit.officers()][1] == "supervisor, auditor"


def test_the_kit_stands_for_the_second_person_and_is_reviewed(started):
    unit, lead, second = started
    broken = unit.run("act", "break-glass", *ERASE, *unit.shares(), "--why", "nobody could be reached")
    number = broken.events("review")[0]["review"]
    found = unit.doctor()["break-glass"]
    assert (found["state"], found["good"]) == ("1 to be reviewed", False)
    assert [one["by"] for one in unit.run("act", "list").events("review")] == [lead]
    assert unit.run("act", "review", number, "--remark", "fine by me").status == 2
    assert unit.run("act", "review", number, "--remark", "justified", officer=second).status == 0
    assert "break-glass" not in unit.doctor()
    other = unit.run("act", "break-glass", *ERASE, *unit.shares()[:2], "--why", "alone")
    assert other.status == 2


def test_a_recovered_node_is_up_for_review(started):
    unit, _, _ = started
    (unit.folder / KEY_FILE).unlink()
    assert unit.run("node", "recover", *unit.shares(), "--why", "the key file is lost").status == 0
    assert unit.doctor()["break-glass"]["state"] == "1 to be reviewed"


def test_the_kit_enrols_two_anew_where_nobody_is_left(started):
    unit, *pseudonyms = started
    for pseudonym in reversed(pseudonyms):
        assert unit.prepare("officer", "revoke", pseudonym, "--why", "both keys were stolen").status == 0
    assert unit.run("officer", "list").status == 2
    words = ["--name", "Lou Imaginary", "--role", "national-officer", "--key", unit.folder / "new.key"]
    words += ["--second-name", "Sam Unreal", "--second-role", "supervisor", "--second-key", unit.folder / "new2.key"]
    assert unit.run("officer", "enrol", *words).status == 2
    assert unit.type("officer", "enrol", *words, *unit.shares(), "--why", "both keys were stolen", times=4)[0] == 0
    assert len(unit.officers()) == 4


def test_a_unit_of_one_names_another_units_officer(unit, units, tmp_path):
    beta = units("beta", lambda folder: put_node(folder, "unit-beta.example"))
    shown = beta.type("officer", "key", beta.folder / "own.key", times=2)[1]
    outside = ("--second-public-key", told(shown, "key")["public"], "--second-agency", "unit-beta.example")
    words = ("--name", "Alex Madeup", "--role", "national-officer", "--key", unit.folder / "lead.key", *outside)
    status, shown = unit.type("officer", "enrol", *words, times=2)
    assert (status, unit.doctor()["officers"]["state"]) == (0, "none enrolled")
    record, lead = tmp_path / "enrolment", re.search(r"officer-[0-9a-f]{8}", shown)[0]
    record.write_text(re.search(r"\{.*\}", shown)[0])
    shown = beta.type("officer", "sign", record, "--key", beta.folder / "own.key")[1]
    signature = re.search(r'"signature": "([0-9a-f]{128})"', shown)[1]
    assert unit.run("officer", "countersign", lead, "--signature", "00").status == 2
    assert unit.run("officer", "countersign", lead, "--signature", "00" * 64).status == 1
    assert unit.run("officer", "countersign", lead, "--signature", signature).status == 0
    assert [one["agency"] for one in unit.officers()] == ["unit-alpha.example", "unit-beta.example"]

    shown = unit.type("act", "request", *ERASE, "--why", "a judge ordered it", "--key", unit.folder / "lead.key")[1]
    number = str(told(shown, "request")["request"])
    record.write_text(unit.run("act", "show", number).out)
    shown = beta.type("officer", "sign", record, "--key", beta.folder / "own.key")[1]
    signature = re.search(r'"signature": "([0-9a-f]{128})"', shown)[1]
    away = unit.officers()[1]["officer"]
    assert unit.run("act", "approve", number, "--signature", signature, officer=away).status == 0
    assert unit.run("act", "approve", number).status == 2

    broken = unit.run("act", "break-glass", *ERASE, *unit.shares(), "--why", "nobody could be asked")
    number = str(broken.events("review")[0]["review"])
    remark = ("--remark", "as it should be")
    assert unit.run("act", "review", number, *remark).status == 2
    unsigned = unit.run("act", "review", number, *remark, officer=away)
    assert (unsigned.status, "reviews by a signature" in unsigned.err) == (2, True)
    record.write_text(unit.run("act", "glass", number, *remark).out)
    shown = beta.type("officer", "sign", record, "--key", beta.folder / "own.key")[1]
    signed = ("--signature", re.search(r'"signature": "([0-9a-f]{128})"', shown)[1])
    assert unit.run("act", "review", number, "--remark", "all well", *signed, officer=away).status == 1
    assert unit.run("act", "review", number, *remark, *signed, officer=away).status == 0
    assert unit.run("act", "list").events("review") == []


def test_wrong_use_leaves_no_key_behind(unit):
    key = unit.folder / "lead.key"
    common = ("officer", "enrol", "--name", "Alex Madeup")
    for words in (
        (*common, "--role", "national-officer", "--key", key),
        (*common, "--role", "investigator", "--key", key, "--second-name", "Kim Fictitious", "--second-role",
         "investigator", "--second-key", unit.folder / "second.key"),
        (*common, "--role", "investigator", "--key", key, "--second-public-key", "ab" * 32, "--second-agency", "b"),
        ("officer", "key", key),
        ("act", "request", *ERASE[:3], "--set", "owner=twice", "--why", "why", "--key", key),
        ("act", "request", *ERASE, "--set", "nonsense", "--why", "why", "--key", key),
    ):  # fmt: skip
        assert unit.run(*words).status == 2
    assert not key.exists()
    binary = unit.folder / "binary"
    binary.write_bytes(b"\xff\xfe")
    refused = unit.run("act", "break-glass", *ERASE, "--share", binary, "--why", "why")
    assert (refused.status, "is no text" in refused.err) == (2, True)


def test_lists_are_shown_to_people_as_tables(started):
    unit, lead, _ = started
    unit.prepare("act", "break-glass", *ERASE, *unit.shares(), "--why", "nobody could be reached")
    shown = unit.type("officer", "list", times=0)[1]
    assert (lead in shown, "Alex" in shown) == (True, False)
    assert "Waiting for a review" in unit.type("act", "list", times=0)[1]
