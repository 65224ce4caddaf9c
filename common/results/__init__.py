"""Results of finished runs: records grouped over seeds, compared, written as tables and sentences.

This package trains nothing, and importing it does not import Keras. Import the modules
`fidelity`, `costs`, `device`, `device_tables` and `readme` by name. May import `runs`, `metrics`,
`distillation`, `data` and `utils`.
"""

from common.results.controlled import ControlledComparison, best_distilled, temperature_sweep
from common.results.groups import (
    Comparison,
    SeedGroup,
    baseline_of,
    best,
    compare,
    dataset_settings,
    group_seeds,
    load_groups,
    merge_seeds,
    select,
)
from common.results.ladder import CONTROL_TITLES, Ladder
from common.results.selection import Results, in_order
from common.results.tables import (
    COMPARISON_COLUMNS,
    PENDING,
    PUBLISHED_COLUMNS,
    comparison_cells,
    markdown,
    pairs_table,
    published_row,
    seeds_table,
    students_by_settings,
    students_table,
    study_table,
    teachers_table,
)
from common.results.tuned import (
    differences,
    methods_finding,
    methods_table,
    tuned_methods,
    tuning_finding,
)
from common.results.wording import (
    caption,
    confidence_interval,
    describe_reduction,
    describe_sweep,
    display_name,
    mean_sd,
    p_inline,
    p_value,
)

__all__ = [
    "COMPARISON_COLUMNS",
    "CONTROL_TITLES",
    "PENDING",
    "PUBLISHED_COLUMNS",
    "Comparison",
    "ControlledComparison",
    "Ladder",
    "Results",
    "SeedGroup",
    "baseline_of",
    "best",
    "best_distilled",
    "caption",
    "compare",
    "comparison_cells",
    "confidence_interval",
    "dataset_settings",
    "describe_reduction",
    "describe_sweep",
    "differences",
    "display_name",
    "group_seeds",
    "in_order",
    "load_groups",
    "markdown",
    "mean_sd",
    "merge_seeds",
    "methods_finding",
    "methods_table",
    "p_inline",
    "p_value",
    "pairs_table",
    "published_row",
    "seeds_table",
    "select",
    "students_by_settings",
    "students_table",
    "study_table",
    "teachers_table",
    "temperature_sweep",
    "tuned_methods",
    "tuning_finding",
]
