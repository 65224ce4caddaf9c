"""Soft-targets panel: a test image and the teacher's soft targets at the slider's T."""

import ipywidgets as widgets

from common.explorer import html
from common.explorer.quantities import ImagePicker, soften
from common.explorer.shared import Panel, flexible, on_change, row

ANY = "any"  # not None, which means "nothing chosen" to a drop-down


class SoftTargetsPanel(Panel):
    """Image, soft targets as bars, entropy and effective number of classes."""

    def __init__(self, selection):
        self.selection, dataset = selection, selection.study.dataset
        self.names = dataset.class_names
        options = [(ANY, ANY), *((name, i) for i, name in enumerate(self.names))]
        self.class_filter = widgets.Dropdown(
            options=options, description="class", layout=flexible("150px", "220px")
        )
        self.image, self.message = widgets.HTML(), widgets.HTML()
        self.last_pick = None  # (order, index): the same order again continues from this image
        self.bars = widgets.HTML(layout=flexible("300px", "640px"))
        self.buttons = [self._button(order) for order in ImagePicker.ORDERS]
        super().__init__(
            [
                row(selection.teacher, self.class_filter, selection.index),
                row(*self.buttons, gap="6px"),
                row(selection.temperature),
                self.message,
                row(self.image, self.bars, gap="20px"),
            ],
            f"Soft targets of {len(selection.test):,} {dataset.name} test images at T = 0.5 to 50",
        )
        on_change(self._show_image, selection.index, selection.teacher)
        on_change(self._filter, self.class_filter)
        on_change(self.redraw, selection.temperature)
        self._show_image()

    def _button(self, order):
        button = widgets.Button(description=order, layout=widgets.Layout(width="auto"))
        button.tooltip = f"next image: {order}, in the chosen class"
        button.on_click(lambda _: self._pick(order))
        return button

    def _pick(self, order):
        picker = ImagePicker(self.selection.test_logits, self.selection.test.labels)
        label = None if self.class_filter.value == ANY else self.class_filter.value
        current = self.selection.index.value
        last = current if self.last_pick == (order, current) else None
        index = picker.next(order, last, label)
        if index is None:
            of_class = "" if label is None else f" of class {self.names[label]}"
            self.message.value = html.message(f"There is no test image{of_class} for: {order}.")
            return
        self.message.value, self.last_pick = "", (order, index)
        self.selection.index.value = index

    def _filter(self):
        """Choose an image of the class just selected."""
        if self.class_filter.value not in (ANY, self.selection.label):
            self._pick("most ambiguous")

    def _show_image(self):
        index, label = self.selection.index.value, self.selection.label
        caption = f"test image {index:,}, label {self.names[label]}"
        self.image.value = html.image(self.selection.test.images[index], caption)
        self.redraw()

    def redraw(self):
        selection = self.selection
        soft_targets = soften(selection.test_logits[selection.index.value], selection.T)
        title = f"{selection.teacher.value} at T = {selection.T:g}"
        self.bars.value = html.soft_targets(
            title, soft_targets, self.names, "teacher", selection.label
        )
