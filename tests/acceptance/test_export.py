"""Two officers hand content out; its recipient opens it; then it is erased, withdrawn, and the receipt is noted."""

import hashlib
from pathlib import Path

import pytest

from safelight.samples.formats import FORMATS
from safelight.samples.pictures import picture
from tests.acceptance.made_nodes import key_of
from tests.acceptance.test_officers import told, unit, units

__all__ = ["unit", "units"]  # the fixtures of two officers' node
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]
WHY = ("--why", "a made-up request for help")


def approved(unit, second, *act):
    asked = unit.type("act", "request", *act, *WHY, "--key", unit.folder / "lead.key")[1]
    number = str(told(asked, "request")["request"])
    assert unit.type("act", "approve", number, "--key", unit.folder / "second.key", officer=second)[0] == 0


def test_content_is_handed_out_erased_and_withdrawn(unit, tmp_path):
    lead, second = unit.start()
    source, away = tmp_path / "source", tmp_path / "away"
    source.mkdir()
    away.mkdir()
    content = FORMATS["png-rgb"].write(picture(33, 1, (96, 64)))
    (source / "one.png").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    assert unit.prepare("check", source, "--case", "My case", "--keep", "all", officer=lead).status == 0
    planned = unit.run("export", "plan", "My case", "--to", "Agency Beta", "--out", away / "draft")
    assert (planned.status, planned.err) == (0, "")
    [plan] = planned.events("plan")
    assert digest.encode() not in (away / "draft").read_bytes()
    [shown] = unit.run("export", "show", away / "draft").events("manifest")
    assert (shown["items"], shown["recipient"], shown["manifest"]) == ([digest], "Agency Beta", plan["manifest"])
    sending = ("export", "send", away / "draft", "--out", away / "bundle", *WHY, "--key", unit.folder / "lead.key")
    sending += ("--passphrase-file", away / "words")
    assert unit.type(*sending)[0] == 2
    assert sorted(path.name for path in away.iterdir()) == ["draft"]
    parameters = [f"{name}={plan[name]}" for name in ("case", "manifest", "recipient")]
    approved(unit, second, "vault:content:export", *(word for one in parameters for word in ("--set", one)))
    status, said = unit.type(*sending)
    assert status == 0, said
    opening = ("export", "open", away / "bundle", "--out", away / "opened", "--passphrase-file", away / "words")
    assert unit.run(*opening, "--from-key", key_of("unit-alpha.example")).events("opened")[0]["sender_checked"] is True
    assert (away / "opened" / "contents" / digest).read_bytes() == content
    [given] = unit.run("export", "list").events("handout")
    assert (given["recipient"], given["bundle"], given["sha256"]) == ("Agency Beta", "written", digest)

    erase = ("--set", "owner=unit-alpha.example", "--set", f"sha256={digest}")
    approved(unit, second, "vault:content:erase", *erase)
    erased = unit.prepare("vault", "erase", digest, "--why", "a court said so", "--legal-basis", "made-up order 7")
    assert [one["recipient"] for one in erased.events("certificate")[0]["receipts"]] == ["Agency Beta"]
    assert unit.run("export", "list").events("handout")[0]["receipt_awaited"] is True
    [written] = unit.run("export", "withdraw", digest, "--out", away).events("withdrawal")
    assert digest in Path(written["path"]).read_text()
    assert unit.prepare("vault", "receipt", digest, "Agency Beta").status == 0
    [given] = unit.run("export", "list").events("handout")
    assert (given["receipt_awaited"], given["sha256"]) == (False, None)
