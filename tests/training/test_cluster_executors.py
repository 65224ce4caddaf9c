"""Training by executors of clusters, here on this machine: submitit's local one, Dask's."""

import pytest

from common import training
from tests.support import faults
from tests.support.helpers import assert_same_outcome


@pytest.fixture
def submitit(tmp_path):
    library = pytest.importorskip("submitit", reason="submitit is not installed")
    executor = library.AutoExecutor(folder=tmp_path / "submitit", cluster="local")
    executor.update_parameters(timeout_min=20)
    return executor


@pytest.fixture
def dask():
    library = pytest.importorskip("distributed", reason="Dask's distributed is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with library.LocalCluster(**options) as cluster, library.Client(cluster) as client:
        yield client.get_executor()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["submitit", "dask"])
def test_records_are_those_of_the_loop(few, tmp_path, name, request):
    executor = request.getfixturevalue(name)
    runs = faults.runs(few, 2, epochs=2)
    training.run(runs, few, output_dir=tmp_path / "loop")
    training.run(runs, few, output_dir=tmp_path / "jobs", executor=executor)
    assert_same_outcome(tmp_path / "loop", tmp_path / "jobs", runs)
