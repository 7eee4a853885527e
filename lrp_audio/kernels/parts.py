"""Parts of kernels: functions that are compiled within each kernel that calls them.

numba makes machine code of every function that a kernel calls, and then compiles its code once more
within the kernel, where it is inlined: each level of calls doubles the time. A part is LLVM code
until it is linked into a kernel, and is optimised there.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite.binding.newpassmanagers import create_new_function_pass_manager
from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering
from numba.extending import register_jitable

Function = TypeVar("Function", bound=Callable[..., Any])


class _Library(JITCodeLibrary):
    """LLVM code of a part, to be optimised and made machine code within a kernel."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout
        passes, builder = create_new_function_pass_manager(), self._codegen._pass_builder()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_refprune_pass()  # reference counts in a loop would prevent its optimisation
        for function in ll_module.functions:
            passes.run(function, builder)

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):
    """As numba's own pass, but without a function that Python can call."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        state.flags.no_compile = True
        super().run_pass(state)
        made = state["cr"]
        module, name = made.fndesc.lookup_module(), made.fndesc.qualname
        function = _dynfunc.make_function(module, name, "", 0, made.env, ())
        state.targetctx.insert_user_function(function, made.fndesc, [state.library])
        state["cr"] = made._replace(cfunc=function)
        return True


class _PartCompiler(Compiler):
    def define_pipelines(self) -> Any:
        state = self.state
        state.library = _Library(state.targetctx.codegen(), state.func_id.func_qualname)
        (pipeline,) = super().define_pipelines()
        pipeline.passes = [
            (_PartLowering if kind is NativeLowering else kind, what)
            for kind, what in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


# No C code calls kernels: without wrappers for it, they are compiled and loaded in less time.
# Python's error model checks each division for zero, which is more code, and prevents SIMD.
COMMON: dict[str, Any] = {"no_cfunc_wrapper": True, "error_model": "numpy"}
"""The options of ``numba.njit`` for kernels and their parts."""
PART: Any = {"pipeline_class": _PartCompiler, "no_cpython_wrapper": True, **COMMON}
"""Those for parts."""


def part(function: Function) -> Function:
    """The decorator of a function that kernels call; for other callers it stays plain Python."""
    made: Function = register_jitable(**PART)(function)
    return made
