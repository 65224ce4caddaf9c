"""Data sets shared with other processes: the same arrays, in files, not in the message."""

import pickle
import time

import numpy as np
import pytest

from common.data.shared import share


@pytest.mark.parametrize(("name", "written"), [("mnist", 0), ("few", 6), ("trainval", 2)])
def test_arrays_are_mapped_from_files(name, written, request, mnist, tmp_path):
    dataset = mnist.trainval() if name == "trainval" else request.getfixturevalue(name)
    message = pickle.dumps(share(dataset, tmp_path))
    assert len(message) < 2000 and len(list(tmp_path.iterdir())) == written
    loaded = pickle.loads(message).load()
    for split in ("train", "validation", "test"):
        for field in ("images", "labels"):
            array, expected = (getattr(getattr(d, split), field) for d in (loaded, dataset))
            np.testing.assert_array_equal(array, expected)
            assert isinstance(array, np.memmap) and array.dtype == expected.dtype
    assert (loaded.name, loaded.limit) == (dataset.name, dataset.limit)
    assert loaded.pixel_statistics == dataset.pixel_statistics
    assert pickle.loads(message).load() is loaded


def test_a_file_that_was_replaced_is_refused(few, tmp_path):
    shared = share(few, tmp_path)
    time.sleep(0.02)
    np.save(tmp_path / "train_images.npy", few.train.images[::-1])
    with pytest.raises(ValueError, match=r"train_images.npy changed since the training"):
        shared.load()
