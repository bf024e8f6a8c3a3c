"""Which modules of the `test` package, and what is left out.

Left out is only what says nothing about the language in a cell: an entry has a reason, and RECORD.md repeats it. A
difference is never an entry.
"""

from __future__ import annotations

MODULES = tuple(
    """
    test_abc test_abstract_numbers test_asyncgen test_augassign test_baseexception test_binop test_bisect test_bool test_builtin
    test_bytes test_call test_class test_code test_collections test_compare test_complex test_contains test_context
    test_contextlib test_contextlib_async test_copy test_copyreg test_coroutines test_dataclasses test_decorators
    test_defaultdict test_deque test_descr test_descrtut test_dict test_dictcomps test_dictviews test_dynamic
    test_dynamicclassattribute test_enum test_enumerate test_eof test_except_star test_exception_group
    test_exception_hierarchy test_exception_variations test_exceptions test_extcall test_finalization test_float test_flufl
    test_format test_fractions test_frame test_fstring test_funcattrs test_functools test_generator_stop test_generators
    test_genericalias test_genericclass test_genexps test_global test_grammar test_graphlib test_hash test_heapq test_index
    test_int test_int_literal test_isinstance test_iter test_iterlen test_itertools test_keyword test_keywordonlyarg
    test_list test_listcomps test_long test_metaclass test_module test_named_expressions test_numeric_tower test_opcodes
    test_operator test_ordered_dict test_patma test_pep646_syntax test_pickle test_positional_only_arg test_pow test_pprint
    test_print test_property test_raise test_random test_range test_re test_reprlib test_richcmp test_scope test_set
    test_setcomps test_slice test_sort test_statistics test_string test_string_literals test_structseq test_subclassinit
    test_super test_syntax test_textwrap test_traceback test_tuple test_type_annotations test_typechecks test_types
    test_typing test_unary test_unpack test_unpack_ex test_userdict test_userlist test_userstring test_weakref test_weakset
    test_with test_yield_from
    """.split()
)

#: a campaign begins with what takes longest, so that its jobs end together
SLOW = tuple("test_typing test_weakref test_types test_pickle test_random test_re test_functools test_operator test_weakset".split())


def slowest_first() -> list[str]:
    """All modules, in the order of a campaign.

    >>> slowest_first()[0], len(slowest_first()) == len(MODULES)
    ('test_typing', True)
    """
    return [*SLOW, *(name for name in MODULES if name not in SLOW)]


#: what `make test` runs: small, and one of each kind
FEW = tuple("test_augassign test_binop test_class test_decorators test_exception_variations".split())

_FRAMES = "compares frame objects of the cell with those on a traceback; the frames there are ours, with the user's names, lines and code"
_STACK = "reads the stack below the cell's code, where the engine's frames stand between IPython's and the user's"
_LEN = "replaces `builtins.len` for the whole process; the engine is part of the process"

#: of mode `cell`: `module`, `module.Class` or `module.Class.test` -> why. All of these are in docs/same.md.
EXCLUDED: dict[str, str] = {
    "test_call.TestPEP590.test_vectorcall_override": "asks whether a C function gets the very tuple that stands behind `*`",
    "test_descr.ClassPropertiesAndMethods.test_slots": "counts all objects of the process",
    "test_exceptions.ExceptionTests.test_recursion_in_except_handler": "leaves ten frames of the recursion limit, of which the engine needs some",
    "test_frame.ClearTest": _FRAMES,
    "test_generators.SignalAndYieldFromTest": "sends itself a signal, which has to come within one operation; a plain run fails it, too, now and then",
    "test_frame.ReprTest.test_repr": _FRAMES,
    "test_functools.TestLRUC.test_lru_reentrancy_with_len": _LEN,
    "test_functools.TestLRUPy.test_lru_reentrancy_with_len": _LEN,
    "test_list.ListTest.test_preallocation": "asks how much room for more a list has",
    "test_raise.TestTracebackType.test_attrs": _FRAMES,
    "test_traceback.LimitTests.test_extract_stack": _STACK,
    "test_traceback.TestStack.test_walk_stack": _STACK,
    "test_traceback.TestTracebackException.test_from_exception": _FRAMES,
    "test_traceback.TracebackFormatTests.test_stack_format": _STACK,
    "test_weakref.ReferencesTestCase.test_callback_in_cycle_resurrection": "asks when a class is gone; one that the cell has called is there until it ends",
}


_ROUNDS = "ten thousands of rounds of a loop, each of which waits several times: minutes"
_TUPLE = "asks whether two tuples had the same address, one after the other"
_ALL = "looks at all objects of the process, among them those of the engine"
_ALIVE = "asks when an object is gone; a call in flight keeps what it was given"

#: of mode `cell` under stress only. The tests pass as shipped.
UNDER_STRESS: dict[str, str] = {
    **{f"test_bytes.ByteArrayAsStringTest.test_{name}": _ROUNDS for name in ("count", "find", "rfind")},
    "test_bytes.BytesAsStringTest.test_count": _ROUNDS,
    "test_bytes.BytesAsStringTest.test_find": _ROUNDS,
    "test_bytes.BytesAsStringTest.test_rfind": _ROUNDS,
    "test_code.CodeWeakRefTest": _ALIVE,
    "test_collections.TestCounter.test_multiset_operations": _ROUNDS,
    "test_copy.TestCopy.test_deepcopy_weakkeydict": _ALIVE,
    "test_copy.TestCopy.test_deepcopy_weakvaluedict": _ALIVE,
    "test_deque.TestBasic.test_index": _ROUNDS,
    "test_descr.ClassPropertiesAndMethods.test_cycle_through_dict": _ALL,
    "test_dynamic.RebindBuiltinsTests.test_modify_builtins_from_leaf_function": _LEN,
    "test_dynamic.RebindBuiltinsTests.test_modify_builtins_while_generator_active": _LEN,
    **{f"test_enumerate.{kind}.test_tuple_reuse": _TUPLE for kind in (
        "EnumerateStartTestCase", "EnumerateTestCase", "SubclassTestCase", "TestBig", "TestLongStart", "TestStart"
    )},
    "test_exceptions.PEP626Tests": "compares `frame.f_lineno`, the last line of a frame that failed, with the line of its traceback, which is ours to give",
    "test_exceptions.ExceptionTests.testExceptionCleanupState": _ALIVE,
    "test_exceptions.ExceptionTests.testSettingException": "asks for the frames of an exception that fails while C code makes it, between two calls in flight",
    "test_finalization": _ALIVE,
    "test_float.GeneralFloatCases.test_floatasratio": _ROUNDS,
    "test_context.HamtTest.test_hamt_stress": _ROUNDS,
    "test_frame.FrameAttrsTest.test_locals": _FRAMES,
    "test_frame.TestIncompleteFrameAreInvisible.test_sneaky_frame_object": _FRAMES,
    **{f"test_itertools.TestBasicOps.test_{kind}_tuple_reuse": _TUPLE for kind in (
        "combinations", "combinations_with_replacement", "permutations", "product", "zip", "zip_longest"
    )},
    "test_itertools.TestBasicOps.test_permutations": _ROUNDS,
    "test_long": _ROUNDS,
    "test_patma.TestTracing": "sets a trace function in the middle of the cell, which sees the lines of the lowered code",
    **{f"test_pickle.{kind}IdPersPicklerTests.test_{way}_reference_cycle": _ALIVE for kind in ("C", "Py") for way in ("pickler", "unpickler")},
    "test_raise.TestContext.test_3611": _ALIVE,
    "test_scope.ScopeTests.testLeaks": _ALIVE,
    "test_set": _ROUNDS,
    "test_userdict.UserDictTest.test_popitem": _ROUNDS,
    "test_weakref": _ALIVE,
    "test_yield_from.TestPEP380Operation.test_delegator_is_visible_to_debugger": _STACK,
    "test_weakset.TestWeakSet.test_len_cycles": _ALIVE,
    **{f"test_traceback.{kind}.test_KeyboardInterrupt_at_first_line_of_frame": "compares an empty line under a step of a frame that C code interrupts"
       for kind in ("CExcReportingTests", "PyExcReportingTests")},
    **{f"test_traceback.TracebackFormatTests.test_recursive_traceback_{kind}": "counts the frames down to the recursion limit" for kind in ("cpython_internal", "python")},
    **{f"test_traceback.TestTracebackException.test_{name}": _FRAMES for name in ("comparison_params_variations", "print")},
}


def excluded(name: str, mode: str, way: str = "shipped") -> str | None:
    """Why the test is left out, if it is.

    >>> excluded("test_list.ListTest.test_preallocation", "cell")
    'asks how much room for more a list has'
    >>> excluded("test_list.ListTest.test_preallocation", "module")
    """
    if mode == "module":
        return None
    parts = name.split(".")
    entries = {**EXCLUDED, **UNDER_STRESS} if way == "stress" else EXCLUDED
    return next((entries[".".join(parts[:n])] for n in range(1, len(parts) + 1) if ".".join(parts[:n]) in entries), None)
