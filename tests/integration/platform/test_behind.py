"""What is written behind its caller is there once it was settled, in order, or says what went wrong; so with questions."""

import pytest
from django.db import IntegrityError, connection, transaction

from safelight.platform.behind import Behind
from safelight.platform.reading import binary_rows

pytestmark = pytest.mark.django_db(transaction=True)


def _make() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE behind (number bigint PRIMARY KEY, word text) ON COMMIT DROP")


def _write(behind: Behind, numbers: list[int]) -> None:
    behind.write("behind", ["number", "word"], ["int8", "text"], [numbers, [str(number) for number in numbers]])


def test_what_was_settled_is_there() -> None:
    with transaction.atomic(), Behind() as behind:
        _make()
        for start in range(0, 100, 10):
            _write(behind, list(range(start, start + 10)))
        behind.settle()
        assert binary_rows("SELECT number FROM behind ORDER BY number") == [(number,) for number in range(100)]


def test_a_question_sees_what_was_given_before_it_and_no_more() -> None:
    with transaction.atomic(), Behind() as behind:
        _make()
        asked = []
        for start in range(0, 30, 10):
            _write(behind, list(range(start, start + 10)))
            asked.append(behind.ask("SELECT count(*) FROM behind WHERE number < %(most)s::int8", {"most": 25}))
        found = [behind.answer(one) for one in asked]
        assert found == [[(10,)], [(20,)], [(25,)]]
        assert behind.answer(asked[0]) == found[0]
        behind.settle()


def _ask_after_writing_one_twice() -> None:
    with transaction.atomic(), Behind() as behind:
        _make()
        for number in (1, 1):
            _write(behind, [number])
        behind.answer(behind.ask("SELECT 1", {}))


def test_a_question_after_a_failure_says_what_failed() -> None:
    with pytest.raises(IntegrityError, match="behind_pkey"):
        _ask_after_writing_one_twice()


def _write_one_twice() -> None:
    with transaction.atomic(), Behind() as behind:
        _make()
        for number in (1, 1, 2):
            _write(behind, [number])
        behind.settle()


def test_the_first_failure_is_raised_where_it_is_settled() -> None:
    with pytest.raises(IntegrityError, match="behind_pkey"):
        _write_one_twice()


def _fail_after_writing() -> None:
    with transaction.atomic(), Behind() as behind:
        _make()
        _write(behind, list(range(1000)))
        raise ZeroDivisionError


def test_a_caller_that_fails_leaves_nothing_behind_and_a_usable_connection() -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_after_writing()
    assert binary_rows("SELECT to_regclass('behind')") == [(None,)]
