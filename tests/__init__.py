"""The tests: every value is held against something that the code under test did not make."""
