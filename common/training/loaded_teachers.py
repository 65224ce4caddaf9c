"""Teachers' logits, each loaded once for all tasks of one training."""


class LoadedTeachers:
    """Teachers whose logits are loaded, computed if need be, when a task first asks for them.

    Args:
        teachers: {identity: Logits, LazyLogits or OnlineTeacher}.
    """

    def __init__(self, teachers):
        self._teachers, self._errors = teachers, {}

    def load(self, identity):
        """What `load` of the teacher returns; its first error is raised again by later calls.

        It may have come after minutes of work, which each student of the teacher would repeat.
        """
        if identity in self._errors:
            raise self._errors[identity]
        try:
            return self._teachers[identity].load()
        except Exception as error:
            self._errors[identity] = error
            raise
