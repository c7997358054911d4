"""Swap is safe where it is off, encrypted, or memory; everything else is named."""

import pytest

from safelight.platform.swap import clear_swap

HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


@pytest.fixture
def system(tmp_path):
    """A system with these swap areas, and these files below /sys/class/block."""

    def made(*areas, **said):
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/swaps").write_text(HEAD + "".join(f"{area} partition 8 0 -2\n" for area in areas))
        for name, files in said.items():
            for file, words in files.items():
                path = tmp_path / "sys/class/block" / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(words)
        return clear_swap(tmp_path)

    return made


def test_none_is_safe(system):
    assert system() == []


def test_a_partition_and_a_file_are_named(system):
    assert system("/dev/sda2", "/swap\\040file", sda2={"size": "8"}) == ["/dev/sda2", "/swap file"]


def test_what_dm_crypt_holds_is_safe(system):
    assert system("/dev/dm-7", **{"dm-7": {"dm/uuid": "CRYPT-PLAIN-swap\n"}}) == []


@pytest.mark.parametrize(("under", "named"), [("CRYPT-LUKS2-x", []), ("LVM-y", ["/dev/dm-9"])])
def test_a_volume_is_as_safe_as_what_it_stands_on(system, under, named):
    upper = {"dm/uuid": "LVM-x", "slaves/dm-8": ""}
    assert system("/dev/dm-9", **{"dm-9": upper, "dm-8": {"dm/uuid": under}}) == named


@pytest.mark.parametrize(("behind", "named"), [("none\n", []), ("/dev/sdb1\n", ["/dev/zram0"])])
def test_compressed_memory_is_safe_unless_a_disk_stands_behind(system, behind, named):
    assert system("/dev/zram0", zram0={"backing_dev": behind}) == named


def test_where_it_cannot_be_told(tmp_path):
    assert clear_swap(tmp_path) is None
