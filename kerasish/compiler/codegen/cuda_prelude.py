"""What stands before the generated kernels of a module: half precision, random bits, teams.

It needs no header, so NVRTC compiles it anywhere. tests/compiler/codegen/cuda_shim.py gives it the
few CUDA names it uses in C++, and runs the kernels on the CPU.
"""

from __future__ import annotations

from kerasish.ops.random.distributions import GOLDEN, MIX_1, MIX_2

PRELUDE = (
    """
#define INF_VALUE __int_as_float(0x7f800000)
#define NAN_VALUE __int_as_float(0x7fc00000)
#define MINUS_ZERO __int_as_float(0x80000000)
typedef unsigned long long u64;

#ifdef __CUDACC__
__device__ inline float from_float16(unsigned short h) {
  float f; asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h)); return f;
}
__device__ inline unsigned short to_float16(float f) {
  unsigned short h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f)); return h;
}
#endif
__device__ inline float from_bfloat16(unsigned short h) {
  return __int_as_float((int)((unsigned)h << 16));
}
__device__ inline unsigned short to_bfloat16(float f) {
  if (f != f) return 0x7fc0;
  unsigned u = (unsigned)__float_as_int(f);  // to nearest, ties to even
  return (unsigned short)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

// The op random_bits: kerasish/ops/random/distributions.py has the formulas and their sources.
__device__ inline u64 mixed_key(const unsigned* key) {
  u64 s = ((u64)key[0] << 32) + key[1] + GOLDENull;
  s = (s ^ (s >> 30)) * MIX_1ull;
  s = (s ^ (s >> 27)) * MIX_2ull;
  return (s ^ (s >> 31)) | 1;
}
__device__ inline u64 swapped(u64 v) { return (v >> 32) | (v << 32); }
__device__ inline unsigned squares(u64 key, u64 at) {
  u64 y = at * key, z = y + key;
  u64 x = swapped(y * y + y);
  x = swapped(x * x + z);
  x = swapped(x * x + y);
  return (unsigned)((x * x + z) >> 32);
}

// A team is `size` neighbouring threads that share a row: part of a warp, or several warps.
__device__ inline void team_wait(int size) {
  if (size > 32) __syncthreads(); else __syncwarp();
}
""".replace("GOLDEN", f"0x{GOLDEN:x}")
    .replace("MIX_1", f"0x{MIX_1:x}")
    .replace("MIX_2", f"0x{MIX_2:x}")
)
