"""First panel: an image, and what the teacher says of it at the slider's temperature."""

import ipywidgets as widgets

from common.explorer import html
from common.explorer.quantities import ImagePicker, answer
from common.explorer.shared import Panel, flexible, on_change, row

ANY = "any"  # not None, which a drop-down takes for nothing chosen


class SoftTargetsPanel(Panel):
    """Image, soft targets as bars, entropy and effective number of classes."""

    def __init__(self, selection):
        self.selection, dataset = selection, selection.study.dataset
        self.names = dataset.class_names
        options = [(ANY, ANY), *((name, i) for i, name in enumerate(self.names))]
        self.wanted = widgets.Dropdown(
            options=options, description="class", layout=flexible("150px", "220px")
        )
        self.image, self.message = widgets.HTML(), widgets.HTML()
        self.picked = None  # way and image of the last pick: the same way again goes on from it
        self.bars = widgets.HTML(layout=flexible("300px", "640px"))
        self.buttons = [self._button(way) for way in ImagePicker.WAYS]
        super().__init__(
            [
                row(selection.teacher, self.wanted, selection.index),
                row(*self.buttons, gap="6px"),
                row(selection.temperature),
                self.message,
                row(self.image, self.bars, gap="20px"),
            ],
            f"Soft targets of {len(selection.test):,} {dataset.name} test images at T = 0.5 to 50",
        )
        on_change(self._show_image, selection.index, selection.teacher)
        on_change(self._restrict, self.wanted)
        on_change(self.redraw, selection.temperature)
        self._show_image()

    def _button(self, way):
        button = widgets.Button(description=way, layout=widgets.Layout(width="auto"))
        button.tooltip = f"the next image: {way}, in the chosen class"
        button.on_click(lambda _: self._pick(way))
        return button

    def _pick(self, way):
        picker = ImagePicker(self.selection.answers, self.selection.test.labels)
        wanted = None if self.wanted.value == ANY else self.wanted.value
        index = self.selection.index
        found = picker.next(way, index.value if self.picked == (way, index.value) else None, wanted)
        if found is None:
            which = "" if wanted is None else f" of class {self.names[wanted]}"
            self.message.value = html.message(f"No test image{which} is there for: {way}.")
            return
        self.message.value, self.picked = "", (way, found)
        index.value = found

    def _restrict(self):
        """Show an image of the class that was just chosen."""
        if self.wanted.value not in (ANY, self.selection.label):
            self._pick("most ambiguous")

    def _show_image(self):
        index, label = self.selection.index.value, self.selection.label
        caption = f"test image {index:,}, label {self.names[label]}"
        self.image.value = html.image(self.selection.test.images[index], caption)
        self.redraw()

    def redraw(self):
        selection = self.selection
        found = answer(selection.answers[selection.index.value], selection.T)
        title = f"{selection.teacher.value} at T = {selection.T:g}"
        self.bars.value = html.answer(title, found, self.names, "teacher", selection.label)
