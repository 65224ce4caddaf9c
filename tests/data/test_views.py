"""Views against slices and np.roll written apart."""

import itertools

import numpy as np
import pytest

from common.data import views

RANDOM = np.random.default_rng(0)
SETS = [view_set for view_set in views.VIEWS.values() if view_set.count > 1]


def by_hand(image, view, shift, flip):
    """The image flipped first, then rolled inside a frame of zeros, one pixel row at a time."""
    side = 2 * shift + 1
    flipped, shifted = divmod(view, side * side)
    assert flipped <= flip
    image = image[:, ::-1] if flipped else image
    framed = np.pad(image, ((shift, shift), (shift, shift), (0, 0)))
    down, right = shifted // side - shift, shifted % side - shift
    rolled = np.roll(framed, (down, right), axis=(0, 1))
    return rolled[shift : shift + image.shape[0], shift : shift + image.shape[1]]


@pytest.mark.parametrize("view_set", SETS, ids=lambda view_set: view_set.name)
def test_every_view(view_set):
    image = RANDOM.integers(1, 256, (20, 24, 3), "uint8")
    for view in range(view_set.count):
        pixels = view_set.apply(image[None], view)[0]
        expected = by_hand(image, view, view_set.shift, view_set.flip)
        np.testing.assert_array_equal(pixels, expected, err_msg=f"view {view}")
        assert pixels.dtype == np.uint8


def test_counts():
    counts = {name: views.get(name).count for name in views.VIEWS}
    assert counts == {"plain": 1, "mnist_jitter": 25, "crop_flip": 162, "crop_flip_64": 578}


def test_all_views_differ():
    image = RANDOM.integers(1, 256, (1, 28, 28, 1), "uint8")
    for view_set in SETS[:2]:
        images = {view_set.apply(image, view).tobytes() for view in range(view_set.count)}
        assert len(images) == view_set.count


def test_each_image_in_its_own_view():
    jitter, images = views.get("crop_flip"), RANDOM.integers(256, size=(50, 32, 32, 3))
    images = images.astype("uint8")
    view = RANDOM.integers(jitter.count, size=50)
    together = jitter.apply(images, view)
    for row in range(50):
        np.testing.assert_array_equal(together[row], by_hand(images[row], view[row], 4, True))


@pytest.mark.parametrize("view_set", views.VIEWS.values(), ids=lambda view_set: view_set.name)
def test_the_plain_view_is_the_image_itself(view_set):
    images = RANDOM.integers(256, size=(3, 32, 32, 1)).astype("uint8")
    np.testing.assert_array_equal(view_set.apply(images, view_set.shifts_per_axis**2 // 2), images)


def test_images_are_left_alone():
    images = RANDOM.integers(256, size=(8, 28, 28, 1)).astype("uint8")
    original = images.copy()
    views.get("crop_flip").apply(images, np.arange(8) * 20)
    np.testing.assert_array_equal(images, original)


def test_samples_depend_on_seed_and_epoch_alone():
    jitter = views.get("mnist_jitter")
    first = jitter.draw(0, 3, 5000)
    np.random.default_rng(9).random(10)
    np.testing.assert_array_equal(first, jitter.draw(0, 3, 5000))
    assert (first != jitter.draw(0, 4, 5000)).mean() > 0.9
    assert (first != jitter.draw(1, 3, 5000)).mean() > 0.9
    counts = np.bincount(first, minlength=25)
    assert 130 < counts.min() <= counts.max() < 280  # 200 each, give or take five deviations
    assert set(views.get("plain").draw(0, 0, 10)) == {0}


@pytest.mark.parametrize("view_set", SETS, ids=lambda view_set: view_set.name)
def test_a_subset_is_fixed_by_the_images_key(view_set):
    keys = RANDOM.integers(2**63, size=6000).astype("uint64")
    seven = views.get(view_set.name, 7)
    chosen = seven.fixed_subset(keys)
    assert chosen.shape == (6000, 7) and chosen.max() < view_set.count
    assert chosen.dtype == ("uint8" if view_set.count <= 256 else "uint16")
    assert (np.diff(chosen.astype(int), axis=1) > 0).all()  # different views, ascending
    order = RANDOM.permutation(6000)[:50]
    np.testing.assert_array_equal(seven.fixed_subset(keys[order]), chosen[order])
    expected = 6000 * 7 / view_set.count
    counts = np.bincount(chosen.ravel(), minlength=view_set.count)
    assert np.abs(counts - expected).max() < 5 * expected**0.5  # every view equally often
    assert (
        views.get(view_set.name, view_set.count).fixed_subset(keys[:3]) == np.arange(view_set.count)
    ).all()


def test_neighboring_keys_have_unrelated_subsets():
    chosen = views.get("crop_flip", 20).fixed_subset(np.arange(3000, dtype="uint64"))
    shared = [len(set(a) & set(b)) for a, b in itertools.pairwise(chosen)]
    assert abs(np.mean(shared) - 20 * 20 / 162) < 0.15


def test_bad_input():
    images = np.zeros((2, 28, 28, 1), "uint8")
    for view in (-1, 25, [0, 25], [-1, 3]):
        with pytest.raises(ValueError, match="has views 0 to 24"):
            views.get("mnist_jitter").apply(images, view)
    with pytest.raises(ValueError, match="has views 0 to 24, got -1"):
        views.get("mnist_jitter").apply(images, [-1, 3])
    with pytest.raises(ValueError, match="too far"):
        views.get("crop_flip").apply(np.zeros((1, 4, 28, 1), "uint8"), 0)
    with pytest.raises(ValueError, match="mnist_jitter"):
        views.get("mnist_jiter")
