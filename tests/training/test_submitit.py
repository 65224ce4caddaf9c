"""Training by submitit's local executor: processes that submitit starts and watches."""

import pytest

from common import training
from tests.support import faults
from tests.support.helpers import assert_same_outcome

submitit = pytest.importorskip("submitit", reason="submitit is not installed")


@pytest.mark.slow
def test_records_are_those_of_the_loop(few, tmp_path):
    runs = faults.runs(few, 2, epochs=2)
    training.run(runs, few, output_dir=tmp_path / "loop")
    executor = submitit.AutoExecutor(folder=tmp_path / "submitit", cluster="local")
    executor.update_parameters(timeout_min=20)
    training.run(runs, few, output_dir=tmp_path / "jobs", executor=executor)
    assert_same_outcome(tmp_path / "loop", tmp_path / "jobs", runs)
