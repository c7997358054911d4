"""The scripts of .ci: what may be skipped, and what the bill of materials keeps."""

import subprocess
import sys

import pytest

from safelight.samples.truth import Expected, GroundTruth, Verdict
from tests.unit.house import ci


@pytest.fixture
def results(tmp_path):
    """Results of a real pytest run with one test of each kind."""
    test = tmp_path / "test_kinds.py"
    test.write_text(
        "import pytest\n"
        "def test_runs(): pass\n"
        "@pytest.mark.skip(reason='SAFELIGHT_REFERENCE_DATA is not set')\ndef test_data(): pass\n"
        "@pytest.mark.skip(reason='no browser here')\ndef test_browser(): pass\n"
        "@pytest.mark.xfail(reason='known defect')\ndef test_defect(): assert 0\n"
    )
    xml = tmp_path / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--junitxml={xml}"]
    subprocess.run([*command, f"--rootdir={tmp_path}", str(test)], check=True, cwd=tmp_path, capture_output=True)
    return xml


def test_a_skip_needs_leave(results, capsys):
    skips = ci.script("skips")
    found = list(skips.unexcused(results.read_text()))
    assert [line.split("::")[1].split(":")[0] for line in found] == ["test_browser", "test_defect"]
    assert skips.main([str(results)]) == 1
    assert "no browser here" in capsys.readouterr().err


def test_no_tests_at_all_is_a_failure(tmp_path):
    empty = tmp_path / "empty.xml"
    empty.write_text("<testsuites/>")
    assert ci.script("skips").main([str(empty)]) == 1


def test_the_bill_keeps_what_is_named_and_no_address():
    part = {"bom-ref": "a", "name": "A", "version": "1", "externalReferences": [{"url": "x://y"}]}
    ours = {"bom-ref": "s", "name": "safelight", "version": "0"}
    other = {"bom-ref": "o", "name": "other", "version": "1"}
    bill = {"$schema": "", "bomFormat": "", "specVersion": "", "version": 1, "components": [part, ours, other]}
    bill["dependencies"] = [{"ref": "s", "dependsOn": ["a", "o"]}, {"ref": "o"}]
    made = ci.script("sbom").make(bill, {"a"})
    assert made["components"] == [{"bom-ref": "a", "name": "A", "version": "1"}]
    assert made["dependencies"] == [{"ref": "s", "dependsOn": ["a"]}]
    assert made["metadata"]["component"]["name"] == "safelight"


def test_the_bill_leaves_out_other_systems():
    assert ci.script("sbom").named("a==1 \\\n    --hash=x\nb==2 ; sys_platform == 'win32' \\\n") == {"a"}


def test_a_printed_help_is_renewed():
    helps = ci.script("helps")
    stale = "before\n<!-- output of: safelight known --help -->\n```text\nold\n```\nafter\n"
    renewed = helps.renew(stale)
    assert "Usage: safelight known" in renewed
    assert "\nold\n" not in renewed
    assert renewed.startswith("before\n")
    assert renewed.endswith("```\nafter\n")
    assert helps.renew(renewed) == renewed


def _row(verdict: str, sha256: str = "") -> dict[str, str]:
    return {"sha256": sha256, "verdict": verdict}


def test_answers_are_held_against_the_truth():
    wrong = ci.script("truth").wrong
    truth = GroundTruth(
        seed=1,
        originals=1,
        expected=[
            Expected((b"a.jpg",), Verdict.KNOWN, sha256="aa"),
            Expected((b"b.jpg",), Verdict.COPY, sha256="bb", promised=False),
            Expected((b"c.zip", b"c.jpg"), Verdict.LOCKED),
        ],
        forbidden=["ff"],
    )
    assert list(wrong(truth, [_row("known", "aa"), _row("new", "bb"), _row("locked")])) == []
    assert len(list(wrong(truth, [_row("new", "aa"), _row("locked")]))) == 1
    assert len(list(wrong(truth, [_row("locked")]))) == 1
    assert len(list(wrong(truth, [_row("known", "aa")]))) == 1
    assert len(list(wrong(truth, [_row("known", "aa"), _row("locked"), _row("new", "ff")]))) == 1
