"""Side-by-side training: any number of students in one `fit`, each with its own loss.

    both = SideBySide({"baseline": Student(a, 1, 0), "distilled": Student(b, 4, 0.9)})
    both.compile("adam")
    both.fit(images, {"labels": labels, "teacher": teacher_logits})

May import `utils`, `backend`, `losses`, `distillation` and `models`.
"""

from common.side_by_side.model import SideBySide, correct, innermost
from common.side_by_side.student import Student

__all__ = ["SideBySide", "Student", "correct", "innermost"]
