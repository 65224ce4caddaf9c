"""Drawn-digit panel: predictions of teacher and students for a PNG that the user drew."""

import base64

import ipywidgets as widgets

from common.explorer import digit_file, html
from common.explorer.available import NamedModel
from common.explorer.quantities import soften
from common.explorer.shared import Panel, flexible, on_change, predict, row

MAX_STUDENTS = 3  # the latest ones

# The file is sent as text in a hidden field of the page, to the local kernel only. ipywidgets'
# own upload accepts no drops, and a file of 10 MB breaks its connection.
_CHOICE = r"""
<label class="kd-drop"
 ondragover="event.preventDefault(); this.classList.add('kd-over')"
 ondragleave="this.classList.remove('kd-over')"
 ondrop="event.preventDefault(); event.stopPropagation(); this.classList.remove('kd-over');
  this.querySelector('input').files = event.dataTransfer.files;
  this.querySelector('input').dispatchEvent(new Event('change'))">
 Choose a PNG or drop it here: one digit, 8 to 4096 pixels a side
 <input type="file" accept=".png,image/png" onchange="
  const file = this.files[0], field = document.querySelector('.FIELD textarea');
  const send = (text) => { field.value = [Date.now(), file.size, text, file.name].join('\n');
   field.dispatchEvent(new Event('input', {bubbles: true})); };
  const reader = new FileReader();
  reader.onload = () => send(reader.result.split(',')[1]);
  if (file) file.size > LARGEST ? send('') : reader.readAsDataURL(file);">
</label>
"""


class DrawnDigitPanel(Panel):
    """A PNG, chosen or dropped; the networks' input; soft targets at the slider's T.

    Raises:
        ValueError: a data set whose images are not 28×28 gray ones.
    """

    def __init__(self, selection):
        self.selection, dataset = selection, selection.study.dataset
        if tuple(dataset.image_shape) != (digit_file.SIDE, digit_file.SIDE, 1):
            raise ValueError(
                f"a drawn digit needs networks trained on MNIST, but the data set is {dataset.name}"
            )
        self.names, self.digit, self._teachers, self._logits = dataset.class_names, None, {}, []
        self._make_widgets()
        super().__init__(
            [
                row(self.choice, self.field),
                row(selection.temperature),
                self.message,
                row(self.image, self.bars, gap="20px"),
            ],
            "Predictions of teacher and students for a digit drawn in any paint program",
        )
        on_change(self._receive, self.field)
        on_change(self._predict, selection.teacher)
        selection.on_students(self._predict)
        on_change(self.redraw, selection.temperature)

    def _make_widgets(self):
        self.field = widgets.Textarea()
        name = f"kd-field-{self.field.model_id}"
        for css in (name, "kd-hidden"):
            self.field.add_class(css)
        choice = _CHOICE.replace("FIELD", name).replace("LARGEST", str(digit_file.MAX_BYTES))
        self.choice = widgets.HTML(choice, layout=flexible("260px", "640px"))
        self.message = widgets.HTML(
            html.message("No file yet. It will be processed only by your local kernel.")
        )
        self.image, self.bars = widgets.HTML(), widgets.HTML(layout=flexible("300px"))

    def _receive(self):
        """Parse the field: time, size, base64 content (none if too large) and name, a line each."""
        _, size, text, name = self.field.value.split("\n", 3)
        self.show(base64.b64decode(text), name, int(size))

    def show(self, content, name, size=None):
        """Show a file and the predictions for it, or one sentence that says why not.

        Args:
            content: the file's bytes; none if it is too large.
            name: its name.
            size: its size in bytes; default that of `content`.
        """
        self.image.value = self.bars.value = ""
        self.digit = None
        try:
            self.digit = digit_file.digit(content, name, size)
        except ValueError as error:
            self.message.value = html.message(f"{error}.", wrong=True)
            return
        self.image.value = html.image(self.digit, f"{name}, as the nets see it")
        self._predict()

    def _predict(self):
        """Compute the logits of the teacher and the latest students, once there is a file."""
        if self.digit is None:
            return
        models = [student for student in self.selection.students if student.trained][-MAX_STUDENTS:]
        hint = "" if models else "Train a student above, and its prediction appears here too."
        self.message.value = html.message(hint)
        try:
            models = [self._teacher(), *models]
        except ValueError as error:
            title = self.selection.teacher.value
            self.message.value = html.message(f"{title} cannot be evaluated: {error}.", wrong=True)
        self._logits = [(named, predict(named.model, self.digit)) for named in models]
        self.redraw()

    def _teacher(self):
        """The chosen teacher, loaded once; ValueError if its weights were not saved."""
        title = self.selection.teacher.value
        if title not in self._teachers:
            name, _ = self.selection.teachers[title]
            model = self.selection.study.model(self.selection.study.teacher(name))
            self._teachers[title] = NamedModel(title, "teacher", model)
        return self._teachers[title]

    def redraw(self):
        if self.digit is None:
            return
        temperature = self.selection.T
        sections = [
            html.soft_targets(
                f"{named.title} at T = {temperature:g}",
                soften(logits, temperature),
                self.names,
                named.role,
            )
            for named, logits in self._logits
        ]
        self.bars.value = f'<div class="kd-side">{"".join(sections)}</div>'
