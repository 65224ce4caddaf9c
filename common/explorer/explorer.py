"""Explorer of one study: the panels, their shared state, and the kernel's answers to them."""

import functools
import json

import numpy as np

from common.explorer import available, page_content
from common.explorer.live_training import LiveTraining
from common.explorer.networks import Networks
from common.explorer.widget import MAX_T, MIN_T, Panel, State
from common.utils.checks import require_choice, require_fraction


class Explorer:
    """Panels of one study, each built when first accessed; they share T, alpha and image.

    Args:
        study: Study with at least one teacher whose logits exist; the first of them is shown.
        students: {title: runs.Run}, finished runs to show; runs without saved weights are
            left out.
        temperature: T in [0.5, 50]; alpha: in [0, 1].
        index: of a test image, among the first `page_data.TEST`; None: the first image of
            `page_content.choose_images`.

    Attributes:
        state: widget.State, whose temperature, alpha and index follow the panels and move them.

    Raises:
        ValueError: a value out of its range.
        FileNotFoundError: no teacher has logits.
    """

    def __init__(self, study, *, students=None, temperature=4.0, alpha=0.9, index=None):
        if not MIN_T <= temperature <= MAX_T:
            raise ValueError(f"temperature must lie between 0.5 and 50, got {temperature!r}")
        require_fraction("alpha", alpha)
        self.study = study
        teacher, name = available.teacher(study)
        pairs = [(one, study.spec.teachers[name]) for one in study.spec.students.values()]
        groups = available.recorded(study)
        content = page_content.content(study.dataset, teacher, groups, pairs)
        index = content["choices"][0] if index is None else int(index)
        require_choice("test image", index, range(content["test"]["count"]))
        self.state = State(
            data=json.dumps(content, allow_nan=False).encode(),
            temperature=temperature,
            alpha=alpha,
            index=index,
        )
        self._add_networks(teacher, name, students or {})
        self.live = LiveTraining(study, teacher.logits, self._show_live, self.networks.add)
        self.state.trainings = self.live.recorded(groups)
        self.state.on_msg(self._receive)

    def _add_networks(self, teacher, name, students):
        self.networks = Networks(functools.partial(setattr, self.state, "networks"))
        if teacher.model is None and (named := available.teacher_model(self.study, name)):
            self.networks.add_teacher(named)
        for student in available.trained(self.study, students):
            self.networks.add(student)

    def _show_live(self):
        self.state.live = self.live.snapshot()

    def _receive(self, _, message, buffers):
        """Do what a panel asks for, and confirm it; kernel.js has the messages."""
        reply = {"id": message.get("id")}
        try:
            if message["type"] == "answer":
                image = np.frombuffer(buffers[0], "uint8").reshape(self.study.dataset.image_shape)
                reply["answers"] = self.networks.answers(image)
            elif message["type"] == "train":
                settings = ("student", "temperature", "alpha", "epochs", "seed")
                self.live.start(*(message[name] for name in settings))
            else:
                self.live.stop()
        except ValueError as error:  # otherwise only in the server's log
            reply |= {"problem": f"{error}.", "answers": []}
        self.state.send(reply)

    def _panel(self, sections, summary):
        return Panel(self.state, sections, summary)

    @functools.cached_property
    def soft_targets(self):
        """Image, soft targets, entropy and effective number of classes."""
        return self._panel(["soft_targets"], "Soft targets of a test image at T = 0.5 to 50")

    @functools.cached_property
    def loss(self):
        """Gradients of hard and soft loss, with and without T²."""
        return self._panel(["gradients"], "Gradients of the losses with and without T²")

    @functools.cached_property
    def training(self):
        """Recorded test errors over T, trainings in the browser and in the kernel."""
        return self._panel(
            ["curve", "training", "kernel_training"],
            "Recorded test errors over T; distill a network at your T and alpha",
        )

    @functools.cached_property
    def drawn_digit(self):
        """Answers of teacher and students to a digit that the user draws.

        Raises:
            ValueError: a data set whose images are not 28×28 gray ones.
        """
        if not page_content.trains(self.study.dataset):
            raise ValueError(
                "a drawn digit needs networks trained on MNIST, but the data set is "
                f"{self.study.dataset.name}"
            )
        return self._panel(["drawing"], "Answers of teacher and students to a digit that you draw")
