"""Tiny ImageNet for TensorFlow Datasets: after `import tiny_imagenet.builder`, tfds.load(...).

`tfds.load("tiny_imagenet")` gives the images that `common.data.load` gives, pixel for pixel,
since both come from `common.data.tiny_imagenet`.
"""

from pathlib import Path

from common.data import sources, tiny_imagenet
from common.utils import quiet, resources

with quiet.suppress_stderr():
    import tensorflow  # noqa: F401 (TFDS imports it later, aloud)
    import tensorflow_datasets as tfds

HELD_OUT = 10  # one training image in so many, by class, is for validation


class TinyImagenet(tfds.core.GeneratorBasedBuilder):
    """Splits: train 90,000, validation 10,000 (50 a class from train), test the val folder.

    The archive is looked for in the manual folder and downloaded there if it is missing.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}  # noqa: RUF012 (as TFDS's own builders)
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"Put {tiny_imagenet.NAME} there, from {tiny_imagenet.URL}"
    LAYOUT = tiny_imagenet.PUBLISHED

    def _info(self):
        side = self.LAYOUT.side
        image = tfds.features.Image(shape=(side, side, 3), encoding_format="png")  # lossless
        label = tfds.features.ClassLabel(num_classes=self.LAYOUT.classes)
        return tfds.core.DatasetInfo(
            builder=self,
            description="Images of 200 of ImageNet's classes at 64x64 pixels, made for CS231n.",
            features=tfds.features.FeaturesDict({"image": image, "label": label}),
            supervised_keys=("image", "label"),
            homepage="http://cs231n.stanford.edu",
            citation="Le & Yang 2015, Tiny ImageNet Visual Recognition Challenge, CS231n.",
        )

    def _split_generators(self, dl_manager):
        path = sources.tiny_archive(_manual_folder(dl_manager))
        archive = tiny_imagenet.TinyImageNetArchive(path, self.LAYOUT)
        self.info.features["label"].names = archive.class_names
        (images, labels), (others, other_labels) = archive.train(), archive.test()
        needed = images.nbytes + others.nbytes  # PNG, which is lossless, hardly takes more
        resources.require_disk(self.data_path, needed, f"the records of {self.name}")
        kept = len(labels) - len(labels) // HELD_OUT  # the last rows hold all classes alike
        return {
            "train": self._generate_examples(images, labels, range(kept)),
            "validation": self._generate_examples(images, labels, range(kept, len(labels))),
            "test": self._generate_examples(others, other_labels, range(self.LAYOUT.val)),
        }

    def _generate_examples(self, images, labels, rows):
        for row in rows:
            (image,) = images[row : row + 1]
            yield Path(images.names[row]).name, {"image": image, "label": int(labels[row])}


def _manual_folder(manager):
    try:
        return Path(manager.manual_dir)
    except AssertionError:  # TFDS has it missing or empty, which is no fault where we download
        return Path(manager.download_dir) / "manual"
