"""Whatever strikes a job, what it acknowledged is there, everything holds, and the next one goes on."""

import pytest

from tests.faults.check_job import CheckJob
from tests.faults.harness import rounds
from tests.faults.log_job import LogJob
from tests.faults.vault_job import VaultJob

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]

JOBS = {"log": (LogJob, 15), "vault": (VaultJob, 7), "check": (CheckJob, 3)}
"""Each job, made for a data folder whose database is open, and its weight: its share of the rounds."""

ROUNDS = rounds({name: weight for name, (_, weight) in JOBS.items()})


@pytest.fixture(scope="session")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("faults")


@pytest.mark.parametrize("one", ROUNDS, ids=str)
def test_a_round(one, embedded_database, work, record_property):
    job, _ = JOBS[one.job]
    record_property("struck", one.run(job(embedded_database.data), work).kind)
