"""Thirty-two values at once: what the compiler does not find by itself, said in LLVM's own words.

Vectors of LLVM are no instructions of one processor: where there is none for thirty-two values, there are several.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 32
_TYPES: Any = types
_UTILS: Any = cgutils
_VECTOR = ir.VectorType(ir.IntType(16), LANES)


@intrinsic
def _near_lanes(_context: Any, values: Any, _at: Any, _wanted: Any, _most: Any) -> Any:
    """Which of 32 values (uint16) from a place on differ from one by `most` bits or fewer: bit 0 is the first of them.

    All of them are read: the array has to reach so far.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), _VECTOR.as_pointer())
        differing = builder.xor(builder.load(place, align=2), _everywhere(builder, arguments[2]))
        popcount = _UTILS.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.ctpop.v{LANES}i16"
        )
        bits = builder.call(popcount, [differing])
        return builder.bitcast(builder.icmp_unsigned("<=", bits, _everywhere(builder, arguments[3])), ir.IntType(LANES))

    return _TYPES.uint32(values, _TYPES.int64, _TYPES.uint16, _TYPES.uint16), generate


@intrinsic
def _trailing_zeros(_context: Any, _word: Any) -> Any:
    """The number of the lowest bit that is set in a uint32 that is not zero."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.zext(builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1)), ir.IntType(64))

    return _TYPES.int64(_TYPES.uint32), generate


def _everywhere(builder: Any, value: Any) -> Any:
    """A vector that holds one value in each place."""
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    nowhere = ir.Constant(_VECTOR, ir.Undefined)
    return builder.shuffle_vector(first, nowhere, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


near_lanes: Any = _near_lanes
trailing_zeros: Any = _trailing_zeros
