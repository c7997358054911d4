"""What every driver of the object store must do (`safelight.vault.objects.ObjectStore`). A new driver joins `DRIVERS`."""

import hashlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.vault.objects import NoSuchObjectError, ObjectStore
from safelight.vault.stores.folder import FolderStore

DRIVERS: dict[str, Callable[[Path], ObjectStore]] = {"folder": lambda place: FolderStore(place / "objects")}
ABSENT = "0" * 64


@pytest.fixture(params=DRIVERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return DRIVERS[request.param](tmp_path)


def key_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=50), max_size=6), st.data())
def test_it_is_a_map_from_digest_to_bytes(store: ObjectStore, contents: list[bytes], data: st.DataObject) -> None:
    for left in list(store.keys()):
        store.remove(left)
    assert store.put_many(contents) == [key_of(content) for content in contents]
    gone = data.draw(st.sets(st.sampled_from(contents))) if contents else set()
    for content in gone:
        store.remove(key_of(content))
    kept = {key_of(content): content for content in contents if content not in gone}
    assert list(store.keys()) == sorted(kept)
    assert {key: store.get(key) for key in kept} == kept
    assert not any(store.exists(key_of(content)) for content in gone)
    assert list(store.verify()) == []


def test_content_comes_as_bytes_or_as_a_file_of_any_size(store: ObjectStore) -> None:
    large = b"benign" * 700_000
    assert store.put(BytesIO(large)) == key_of(large)
    with store.open(key_of(large)) as file:
        assert file.read() == large


def test_a_file_is_read_from_where_it_stands(store: ObjectStore) -> None:
    file = BytesIO(b"skipped, kept")
    file.seek(9)
    assert store.get(store.put(file)) == b"kept"


def test_the_same_content_again_changes_nothing(store: ObjectStore) -> None:
    assert store.put(b"one") == store.put(b"one")
    assert store.put_many([b"one", b"one"]) == [key_of(b"one")] * 2
    assert list(store.keys()) == [key_of(b"one")]


def test_what_is_not_there_is_named(store: ObjectStore) -> None:
    store.remove(ABSENT)
    assert not store.exists(ABSENT)
    with pytest.raises(NoSuchObjectError, match=ABSENT):
        store.get(ABSENT)
    with pytest.raises(NoSuchObjectError, match=ABSENT), store.open(ABSENT):
        pass


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "g" * 64])
def test_a_malformed_key_reaches_no_path(store: ObjectStore, key: str) -> None:
    for use in (store.get, store.exists, store.remove):
        with pytest.raises(ValueError, match="SHA-256"):
            use(key)


def test_an_empty_store_is_whole(store: ObjectStore) -> None:
    assert list(store.keys()) == []
    assert list(store.verify()) == []
    assert store.put_many([]) == []


def test_many_writers_of_the_same_contents_all_succeed(store: ObjectStore) -> None:
    contents = [bytes([number]) * 100 for number in range(20)]
    answers: list[list[str]] = []
    writers = [Thread(target=lambda: answers.append(store.put_many(contents))) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert answers == [[key_of(content) for content in contents]] * 4
    assert list(store.verify()) == []


def test_a_source_that_fails_leaves_nothing(store: ObjectStore) -> None:
    class Failing(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        store.put_many([b"first", Failing()])
    assert list(store.keys()) == []
    assert list(store.verify()) == []
