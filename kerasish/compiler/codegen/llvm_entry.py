"""The way into every kernel: all tasks on this thread, or split over the threads of OpenMP's pool.

`args` is an array of 64-bit slots: the HEADER below, then the addresses of the kernel's operands
and of its scratch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kerasish.compiler.codegen.llvm_text import Emitter

HEADER = ("work", "combine", "tasks", "threads", "unit")


def arguments(e: Emitter, names: Sequence[str], pointers: int) -> dict[str, str]:
    """The slots behind the header, of which the first ones are addresses, by their names."""
    held = {}
    for k, name in enumerate(names):
        at, held[name] = e.fresh("a"), e.fresh("b")
        e.put(f"{at} = getelementptr i64, ptr %args, i64 {len(HEADER) + k}")
        e.put(f"{held[name]} = load {'ptr' if k < pointers else 'i64'}, ptr {at}")
    return held


def vectors(
    e: Emitter, begin: str | int, end: str | int, body: Callable[[str, str | None], None]
) -> None:
    """Vector iterations over [begin, end): full ones, then one with a mask if need be."""
    w = e.lanes
    if isinstance(begin, int) and isinstance(end, int):
        whole = begin + (end - begin) // w * w
        if whole > begin:
            with e.loop(begin, whole, w) as i:
                body(i, None)
        if whole < end:
            i = e.arith("add", whole, 0)
            body(i, e.mask_first(end - whole))
        return
    last = e.arith("add", begin, e.arith("and", e.arith("sub", end, begin), -w))
    with e.loop(begin, last, w) as i:
        body(i, None)
    with e.when(e.test("slt", last, end)):
        body(last, e.mask_below(last, end))


def defined(head: str, e: Emitter) -> str:
    """The IR of a function with the instructions of an emitter."""
    lines = "\n".join([*e.allocas, *e.lines])
    return f"define {head} {{\nentry:\n{lines}\n  ret void\n}}\n"


def work(name: str, e: Emitter) -> str:
    """That of `name.work(args, begin, end)`, with what it declares."""
    function = defined(f"void @{name}.work(ptr %args, i64 %begin, i64 %end)", e)
    return "\n".join([function, *sorted(e.declarations)])


def runner(name: str) -> str:
    """The IR of `name(args)`: runs `work(args, begin, end)` over all tasks, then `combine(args)`.

    `combine` may be null. Tasks are given to threads in multiples of `unit`. OpenMP may give fewer
    threads than asked for, so each takes its share of those there are.
    """
    head = {key: f"""  %{key}.at = getelementptr i64, ptr %args, i64 {k}
  %{key} = load {"ptr" if key in ("work", "combine") else "i64"}, ptr %{key}.at
""" for k, key in enumerate(HEADER)}  # fmt: skip
    return f"""
define internal void @{name}.thread(ptr %args) {{
{head["work"]}{head["tasks"]}{head["unit"]}
  %id32 = call i32 @omp_get_thread_num()
  %id = zext i32 %id32 to i64
  %t32 = call i32 @omp_get_num_threads()
  %t = zext i32 %t32 to i64
  %next = add i64 %id, 1
  %a = mul i64 %tasks, %id
  %b = udiv i64 %a, %t
  %c = udiv i64 %b, %unit
  %begin = mul i64 %c, %unit
  %d = mul i64 %tasks, %next
  %e = udiv i64 %d, %t
  %f = udiv i64 %e, %unit
  %g = mul i64 %f, %unit
  %last = icmp eq i64 %next, %t
  %end = select i1 %last, i64 %tasks, i64 %g
  call void %work(ptr %args, i64 %begin, i64 %end)
  ret void
}}
define void @{name}(ptr %args) {{
{head["work"]}{head["combine"]}{head["tasks"]}{head["threads"]}
  %many = icmp ugt i64 %threads, 1
  br i1 %many, label %fork, label %alone
fork:
  %team = trunc i64 %threads to i32
  call void @GOMP_parallel(ptr @{name}.thread, ptr %args, i32 %team, i32 0)
  br label %done
alone:
  call void %work(ptr %args, i64 0, i64 %tasks)
  br label %done
done:
  %nothing = icmp eq ptr %combine, null
  br i1 %nothing, label %end, label %join
join:
  call void %combine(ptr %args)
  br label %end
end:
  ret void
}}
"""
