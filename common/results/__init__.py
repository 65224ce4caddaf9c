"""Results of finished runs: records grouped over seeds, compared, written as tables and sentences.

This package trains nothing, and importing it does not import Keras. Import the modules
`fidelity`, `costs`, `device` and `readme` by name. May import `runs`, `metrics`, `distillation`,
`data` and `utils`.
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
from common.results.selection import (
    Results,
    baseline_for,
    best_distilled_by,
    by_teacher_seed,
    controlled_comparison,
    distilled_by,
    groups_of,
    in_order,
    temperature_alpha_grid,
)
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
    teachers_table,
)
from common.results.tuned import methods_table, tuned_methods
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
    "baseline_for",
    "baseline_of",
    "best",
    "best_distilled",
    "best_distilled_by",
    "by_teacher_seed",
    "caption",
    "compare",
    "comparison_cells",
    "confidence_interval",
    "controlled_comparison",
    "dataset_settings",
    "describe_reduction",
    "describe_sweep",
    "display_name",
    "distilled_by",
    "group_seeds",
    "groups_of",
    "in_order",
    "load_groups",
    "markdown",
    "mean_sd",
    "merge_seeds",
    "methods_table",
    "p_inline",
    "p_value",
    "pairs_table",
    "published_row",
    "seeds_table",
    "select",
    "students_by_settings",
    "students_table",
    "teachers_table",
    "temperature_alpha_grid",
    "temperature_sweep",
    "tuned_methods",
]
