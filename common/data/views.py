"""View sets, finite augmentations: a view is one shifted, perhaps flipped version of an image.

An integer names a view, so that a teacher's logits for (image, view) can be looked up, and teacher
and student always see the same pixels (Beyer et al. 2021, arXiv:2106.05237).
"""

import dataclasses

import numpy as np

from common.utils.checks import is_integer, require_choice


@dataclasses.dataclass(frozen=True)
class ViewSet:
    """All shifts of up to `shift` pixels in each direction, times unflipped and flipped.

    With side = `shifts_per_axis`, view v shifts the content down by v // side % side - shift rows
    and right by v % side - shift columns; views from side² on are also flipped left to right,
    before the shift. Pixels from outside the image are 0.

    Args:
        name: the name in `VIEWS`, which recipes and records hold.
        shift: greatest shift in pixels, along each axis.
        flip: whether the views include left-right flips.
        views_per_image: number of views in which each image is used, those of `fixed_subset`;
            0 for all.

    Raises:
        ValueError: views_per_image is not a whole number from 0 to `count`.
    """

    name: str
    shift: int = 0
    flip: bool = False
    views_per_image: int = 0

    def __post_init__(self):
        k = self.views_per_image
        if not is_integer(k, 0) or k > self.count:
            raise ValueError(
                f"cannot sample {k!r} of the {self.count} views of {self.name}: "
                f"choose 1 to {self.count}, or 0 for all"
            )
        object.__setattr__(self, "views_per_image", int(k))

    @property
    def shifts_per_axis(self):
        """Number of shifts along each axis, 0 included."""
        return 2 * self.shift + 1

    @property
    def count(self):
        """Number of views in the set."""
        return self.shifts_per_axis**2 * (2 if self.flip else 1)

    @property
    def seen_per_image(self):
        """Number of views in which each image is used."""
        return self.views_per_image or self.count

    @property
    def label(self):
        """Name in folder names, such as `crop_flip`, or `crop_flip-8` for eight views per image."""
        return self.name + f"-{self.views_per_image}" * bool(self.views_per_image)

    def apply(self, images, view):
        """The pixels of `images` in `view`, in NumPy.

        Args:
            images: uint8 or float (n, h, w, c).
            view: an integer, or (n,) integers, in [0, count).

        Returns:
            Array of the images' shape and dtype.

        Raises:
            ValueError: a view outside the set, or a shift not smaller than the image.
        """
        view = np.broadcast_to(np.asarray(view), len(images))
        self.check_shape(images.shape[1:])
        self._check(view)
        if self.count == 1:
            return images
        flipped = view >= self.shifts_per_axis**2
        if flipped.any():
            images = np.where(flipped[:, None, None, None], images[:, :, ::-1], images)
        return self._shifted(
            images, *np.divmod(view % self.shifts_per_axis**2, self.shifts_per_axis)
        )

    def _shifted(self, images, down, right):
        margin = ((0, 0), (self.shift,) * 2, (self.shift,) * 2, (0, 0))
        padded, shifted = np.pad(images, margin), np.empty_like(images)
        height, width = images.shape[1:3]
        corners = zip(2 * self.shift - down, 2 * self.shift - right, strict=True)
        for row, (top, left) in enumerate(corners):
            shifted[row] = padded[row, top : top + height, left : left + width]
        return shifted

    def gather(self, images, rows, view):
        """The pixels of `apply(images[rows], view)`, in a compiled step.

        Each output pixel is one look-up in `images`, which are neither padded nor copied.

        Args:
            images: tensor (n, h, w, c) with n · h · w < 2³¹.
            rows, view: int32 tensors (batch,), view in [0, count).

        Returns:
            Tensor (batch, h, w, c) of the images' dtype.
        """
        from common.backend import ops  # imports Keras, which only this method needs

        if self.count == 1:
            return ops.take(images, rows, axis=0)
        _, height, width, channels = images.shape
        shift = view % self.shifts_per_axis**2
        y = ops.arange(height) - (shift // self.shifts_per_axis - self.shift)[:, None]
        x = ops.arange(width) - (shift % self.shifts_per_axis - self.shift)[:, None]
        inside = ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None, :]
        x = ops.where((view >= self.shifts_per_axis**2)[:, None], width - 1 - x, x)
        y, x = ops.clip(y, 0, height - 1), ops.clip(x, 0, width - 1)
        index = ((rows[:, None] * height + y) * width)[:, :, None] + x[:, None, :]
        pixels = ops.take(ops.reshape(images, (-1, channels)), index, axis=0)
        return ops.where(inside[..., None], pixels, ops.zeros_like(pixels))

    def draw(self, seed, epoch, rows):
        """(rows,) random integers in [0, seen_per_image), a function of (seed, epoch) alone."""
        return np.random.default_rng((seed, epoch, 1)).integers(self.seen_per_image, size=rows)

    def fixed_subset(self, keys):
        """The `views_per_image` views in which each image is used, chosen by a hash of its key.

        Teachers, baselines and distilled students therefore use the same views of an image in
        every session, as in FKD (Shen & Xing 2022, arXiv:2112.01528, section 3).

        Args:
            keys: (n,) uint64 hashes of the images, such as `teachers.image_keys`.

        Returns:
            (n, views_per_image) distinct view numbers, ascending, uint8 or, if the set has more
            than 256 views, uint16; None if each image is used in all views.
        """
        k = self.views_per_image
        if not k:
            return None
        subset = np.empty((len(keys), k), np.min_scalar_type(self.count - 1))
        salts = _splitmix64(np.arange(1, self.count + 1, dtype="uint64"))
        for start in range(0, len(keys), 5_000):  # (5,000, count) hashes at a time
            hashes = _splitmix64(keys[start : start + 5_000, None] ^ salts)
            lowest = np.argpartition(hashes, k - 1, axis=1)[:, :k]
            subset[start : start + 5_000] = np.sort(lowest, axis=1)
        return subset

    def check_shape(self, shape):
        """Raise ValueError unless images of (h, w, c) are larger than the shift."""
        if min(shape[:2]) <= self.shift:
            raise ValueError(
                f"{self.name} shifts by {self.shift} pixels, too far for images of "
                f"{shape[0]}×{shape[1]}: choose other views or enlarge the images"
            )

    def _check(self, view):
        if len(view) and not 0 <= view.min() <= view.max() < self.count:
            wrong = view.min() if view.min() < 0 else view.max()
            raise ValueError(f"{self.name} has views 0 to {self.count - 1}, got {wrong}")


def _splitmix64(values):
    """Bijective hash uint64 -> uint64, each bit depending on all bits (SplitMix64's finalizer)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


VIEWS = {
    view_set.name: view_set
    for view_set in (
        ViewSet("plain"),
        ViewSet("mnist_jitter", shift=2),
        ViewSet("crop_flip", shift=4, flip=True),
        ViewSet("crop_flip_64", shift=8, flip=True),
    )
}


def get(name, views_per_image=0):
    """The `ViewSet` called `name`, with `views_per_image` set (0 for all views).

    A `ViewSet` passed in place of a name is returned unchanged.

    Raises:
        ValueError: the name is unknown (similar names are listed); views_per_image is out of range.
    """
    if isinstance(name, ViewSet):
        return name
    require_choice("view set", name, VIEWS)
    return dataclasses.replace(VIEWS[name], views_per_image=views_per_image)
