"""The way into a kernel: all tasks on this thread, or split over the threads of OpenMP's pool."""

from __future__ import annotations


def entry_points(name: str, slots: int, unit: int, combine: bool) -> str:
    """The IR of `name(args)`, which runs `name.work` over all tasks and then `name.combine`.

    OpenMP may give fewer threads than asked for, so each takes its share of those there are.

    Args:
        name: the kernel's name.
        slots: operands of the kernel; the scratch address, the number of tasks and the number of
            threads follow them in `args`.
        unit: tasks are given to threads in multiples of it.
        combine: whether there is a `name.combine`.
    """
    tail = f"  call void @{name}.combine(ptr %args)\n" if combine else ""
    tasks, threads = slots + 1, slots + 2
    return f"""
define internal void @{name}.thread(ptr %args) {{
  %id32 = call i32 @omp_get_thread_num()
  %id = zext i32 %id32 to i64
  %np = getelementptr i64, ptr %args, i64 {tasks}
  %n = load i64, ptr %np
  %t32 = call i32 @omp_get_num_threads()
  %t = zext i32 %t32 to i64
  %next = add i64 %id, 1
  %a = mul i64 %n, %id
  %b = udiv i64 %a, %t
  %c = udiv i64 %b, {unit}
  %begin = mul i64 %c, {unit}
  %d = mul i64 %n, %next
  %e = udiv i64 %d, %t
  %f = udiv i64 %e, {unit}
  %g = mul i64 %f, {unit}
  %last = icmp eq i64 %next, %t
  %end = select i1 %last, i64 %n, i64 %g
  call void @{name}.work(ptr %args, i64 %begin, i64 %end)
  ret void
}}
define void @{name}(ptr %args) {{
  %np = getelementptr i64, ptr %args, i64 {tasks}
  %n = load i64, ptr %np
  %tp = getelementptr i64, ptr %args, i64 {threads}
  %t = load i64, ptr %tp
  %many = icmp ugt i64 %t, 1
  br i1 %many, label %fork, label %alone
fork:
  %t32 = trunc i64 %t to i32
  call void @GOMP_parallel(ptr @{name}.thread, ptr %args, i32 %t32, i32 0)
  br label %done
alone:
  call void @{name}.work(ptr %args, i64 0, i64 %n)
  br label %done
done:
{tail}  ret void
}}
"""
