"""Fourth panel: teacher and students answer a drawing of one's own."""

import base64

import ipywidgets as widgets

from common.explorer import digit_file, html
from common.explorer.available import NamedModel
from common.explorer.quantities import answer
from common.explorer.shared import Panel, ask, flexible, on_change, row

SHOWN = 3  # students, the latest ones

# A file chosen or dropped travels as text in a hidden field of the page, to the kernel and no
# further. Not ipywidgets' own upload: it takes no drops, and a file of 10 MB breaks the connection.
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
    """A PNG, chosen or dropped; the image as the nets see it; answers at the slider's T.

    Raises:
        ValueError: nets that look at other images than 28×28 gray ones.
    """

    def __init__(self, selection):
        self.selection, dataset = selection, selection.study.dataset
        if tuple(dataset.image_shape) != (digit_file.SIDE, digit_file.SIDE, 1):
            raise ValueError(f"a drawn digit needs MNIST's nets, the data are {dataset.name}")
        self.names, self.digit, self._teachers, self._logits = dataset.class_names, None, {}, []
        self._make_widgets()
        super().__init__(
            [
                row(self.choice, self.field),
                row(selection.temperature),
                self.message,
                row(self.image, self.answers, gap="20px"),
            ],
            "Draw a digit in any paint program and see what teacher and students say of it",
        )
        on_change(self._receive, self.field)
        on_change(self._ask, selection.teacher)
        selection.on_students(self._ask)
        on_change(self.redraw, selection.temperature)

    def _make_widgets(self):
        self.field = widgets.Textarea()
        name = f"kd-field-{self.field.model_id}"
        for css in (name, "kd-hidden"):
            self.field.add_class(css)
        choice = _CHOICE.replace("FIELD", name).replace("LARGEST", str(digit_file.LARGEST_FILE))
        self.choice = widgets.HTML(choice, layout=flexible("260px", "640px"))
        self.message = widgets.HTML(html.message("No file yet; it goes nowhere but the kernel."))
        self.image, self.answers = widgets.HTML(), widgets.HTML(layout=flexible("300px"))

    def _receive(self):
        """Time, size, base64 content and name, a line each; no content if it is too large."""
        _, size, text, name = self.field.value.split("\n", 3)
        self.show(base64.b64decode(text), name, int(size))

    def show(self, content, name, size=None):
        """Show a file and its answers, or refuse it in one sentence.

        Args:
            content: the file's bytes.
            name: its name.
            size: its bytes, where a file too large came without content.
        """
        self.image.value = self.answers.value = ""
        self.digit = None
        try:
            self.digit = digit_file.digit(content, name, size)
        except ValueError as error:
            self.message.value = html.message(f"{error}.", wrong=True)
            return
        self.image.value = html.image(self.digit, f"{name}, as the nets see it")
        self._ask()

    def _ask(self):
        """Ask the teacher and the latest students, once a file is there."""
        if self.digit is None:
            return
        asked = [student for student in self.selection.students if student.trained][-SHOWN:]
        hint = "" if asked else "Train a student above, and it answers here too."
        self.message.value = html.message(hint)
        try:
            asked = [self._teacher(), *asked]
        except ValueError as error:
            title = self.selection.teacher.value
            self.message.value = html.message(f"{title} cannot be asked: {error}.", wrong=True)
        self._logits = [(one, ask(one.model, self.digit)) for one in asked]
        self.redraw()

    def _teacher(self):
        """The chosen teacher, its weights read once; ValueError where they are not kept."""
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
        shown = [
            html.answer(
                f"{one.title} at T = {temperature:g}",
                answer(logits, temperature),
                self.names,
                one.role,
            )
            for one, logits in self._logits
        ]
        self.answers.value = f'<div class="kd-side">{"".join(shown)}</div>'
