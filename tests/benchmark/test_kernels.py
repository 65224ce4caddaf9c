"""Kernel counts of a compiled step: in a program as XLA prints it, and of a training."""

import pytest

from common.benchmark import __main__ as command
from common.benchmark import kernels, tables

PROGRAM = """HloModule jit_together, is_scheduled=true

%fused (p: f32[8]) -> f32[8] {
  %p = f32[8]{0} parameter(0)
  ROOT %n = f32[8]{0} negate(%p)
}

%region_body.2 (arg: (s32[], f32[8])) -> (s32[], f32[8]) {
  %arg = (s32[], /*index=1*/f32[8]{0}) parameter(0)
  %x = f32[8]{0} get-tuple-element(%arg), index=1
  %c = s32[] constant(1)
  %i = s32[] get-tuple-element(%arg), index=0
  %fusion.1 = f32[8]{0} fusion(%x), kind=kLoop, calls=%fused, metadata={op_name="jit(f)/while/body"}
  %gemm = (f32[8]{0}, s8[64]{0}) custom-call(%fusion.1), custom_call_target="__cublas$gemm"
  %y = f32[8]{0} get-tuple-element(%gemm), index=0
  %b = f32[8]{0} bitcast(%y)
  %loop_add = s32[] fusion(%i, %c), kind=kLoop, calls=%fused
  ROOT %tuple = (s32[], f32[8]{0}) tuple(%loop_add, %b)
}

ENTRY %main (a: f32[8]) -> f32[8] {
  %a = f32[8]{0} parameter(0)
  %copy = f32[8]{0} copy(%a)
  %zero = s32[] constant(0)
  %start = (s32[], f32[8]{0}) tuple(%zero, %copy)
  %while.3 = (s32[], f32[8]{0}) while(%start), condition=%region_cond, body=%region_body.2
  ROOT %out = f32[8]{0} get-tuple-element(%while.3), index=1
}
"""


def test_only_kernels_of_the_loop_count():
    assert kernels.in_loop(PROGRAM) == 3


def test_another_backend_is_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["kernels"])
    assert "unknown backend, for KERAS_BACKEND, 'tensorflow'" in capsys.readouterr().err


def test_a_jax_without_cuda_is_refused(monkeypatch):
    pytest.importorskip("jax")
    topologies = pytest.importorskip("jax.experimental.topologies")

    def none(**target):
        raise NotImplementedError("topology not implemented for cuda")

    monkeypatch.setattr(topologies, "get_topology_desc", none)
    with pytest.raises(ValueError, match=r"JAX cannot compile for a GPU here \(topology not"):
        kernels.of_step(None, (), [])


def test_saved_counts_are_the_table(tmp_path):
    record = {"jax": "0.1", "commit": "12ab", "rows": [["stack, against side by side", 36, 144]]}
    tables.save_kernels(record, tmp_path)
    assert tables.kernels(folder=tmp_path).splitlines() == [
        "| kernels per training step, compiled for an H100 by JAX 0.1 | ours | theirs | ratio |",
        "| --- | ---: | ---: | ---: |",
        "| stack, against side by side | 36 | 144 | 25 % |",
    ]
