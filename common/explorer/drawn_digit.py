"""Fourth panel: teacher and students answer a drawing of one's own."""

import base64
import binascii

import ipywidgets as widgets

from common.explorer import digit_file, html
from common.explorer.answers import answer
from common.explorer.at_hand import NamedModel
from common.explorer.selection import Panel, ask, flexible, on_change, row

SHOWN = 3  # students, the latest ones

# A dropped file travels as text in a hidden field of the same page, to the kernel and no further.
_DROP = """
<div class="kd-drop" ondragover="event.preventDefault(); this.classList.add('kd-over')"
 ondragleave="this.classList.remove('kd-over')"
 ondrop="event.preventDefault(); event.stopPropagation(); this.classList.remove('kd-over');
  const file = event.dataTransfer.files[0], field = document.querySelector('.FIELD textarea');
  const send = (text) => { field.value = [file.name, file.size, Date.now(), text].join('\\n');
   field.dispatchEvent(new Event('input', {bubbles: true})); };
  const reader = new FileReader();
  reader.onload = () => send(reader.result.split(',')[1]);
  if (file) file.size > LARGEST ? send('') : reader.readAsDataURL(file);">
or drop a PNG here: one digit, any size from 8 to 4096 pixels</div>
"""


class DrawnDigitPanel(Panel):
    """Upload or drop of a PNG; the image as the nets see it; answers at the slider's T.

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
                row(self.upload, self.drop, self.field),
                selection.temperature,
                self.message,
                row(self.image, self.answers, gap="20px"),
            ],
            "Draw a digit in any paint program and see what teacher and students say of it",
        )
        self.upload.observe(lambda _: self._uploaded(), "value")
        self.field.observe(lambda _: self._dropped(), "value")
        on_change(self._ask, selection.teacher)
        selection.on_students(self._ask)
        on_change(self.redraw, selection.temperature)

    def _make_widgets(self):
        self.upload = widgets.FileUpload(accept=".png", description="Choose a PNG")
        self.upload.layout = widgets.Layout(width="auto")
        self.field = widgets.Textarea()
        name = f"kd-field-{self.field.model_id}"
        for css in (name, "kd-hidden"):
            self.field.add_class(css)
        drop = _DROP.replace("FIELD", name).replace("LARGEST", str(digit_file.LARGEST_FILE))
        self.drop = widgets.HTML(drop, layout=flexible("260px", "480px"))
        self.message = widgets.HTML(html.message("No file yet; it goes nowhere but the kernel."))
        self.image, self.answers = widgets.HTML(), widgets.HTML(layout=flexible("300px"))

    def _uploaded(self):
        for file in self.upload.value:
            self.show(bytes(file["content"]), file["name"])

    def _dropped(self):
        name, size, _, text = self.field.value.split("\n", 3)
        try:
            content = base64.b64decode(text)
        except binascii.Error:
            content = b""
        self.show(content if text else bytes(int(size)), name)

    def show(self, content, name):
        """Show a file and its answers, or refuse it in one sentence.

        Args:
            content: the file's bytes.
            name: its name.
        """
        self.image.value = self.answers.value = ""
        self.digit = None
        try:
            self.digit = digit_file.digit(content, name)
        except ValueError as error:
            self.message.value = html.message(f"{error}.", wrong=True)
            return
        self.message.value = html.message(f"{name}, as the nets see it: 28×28, centered.")
        self.image.value = html.image(self.digit, name)
        self._ask()

    def _ask(self):
        """Ask the teacher and the latest students, once a file is there."""
        if self.digit is None:
            return
        asked = [*self._teacher(), *self.selection.students[-SHOWN:]]
        self._logits = [(one, ask(one.model, self.digit)) for one in asked]
        self.redraw()

    def _teacher(self):
        """The chosen teacher in a list; an empty one, with a sentence, without its weights."""
        title = self.selection.teacher.value
        if title not in self._teachers:
            name, _ = self.selection.teachers[title]
            try:
                model = self.selection.study.model(self.selection.study.teacher(name))
            except ValueError as error:
                self.message.value = html.message(f"{title} cannot be asked: {error}.", wrong=True)
                return []
            self._teachers[title] = NamedModel(title, "teacher", model)
        return [self._teachers[title]]

    def redraw(self):
        if self.digit is None:
            return
        temperature = self.selection.temperature.value
        shown = [
            html.answer(
                f"{one.title} at T = {temperature:.2f}",
                answer(logits, temperature),
                self.names,
                one.role,
            )
            for one, logits in self._logits
        ]
        self.answers.value = f'<div class="kd-side">{"".join(shown)}</div>'
