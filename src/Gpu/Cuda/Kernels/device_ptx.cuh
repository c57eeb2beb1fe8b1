// Threads, barriers, shuffles and tensor cores in PTX, the same for NVRTC and clang (PTX ISA reference, 7.0 and later).
#pragma once

#ifndef __CUDACC_RTC__
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(threads) __attribute__((launch_bounds(threads)))
#endif

#define DEVICE static __device__ __forceinline__
#define DEVICE_METHOD __device__ __forceinline__
#define KERNEL(threads, name) extern "C" __global__ void __launch_bounds__(threads) name
#define SHARED __shared__
#define DYNAMIC_SHARED(name) extern __shared__ __attribute__((aligned(16))) u8 name[]
#define KERNELS(...)

#define SPECIAL_REGISTER(function, reg) DEVICE int function() { int value; asm("mov.u32 %0, %%" reg ";" : "=r"(value)); return value; }
SPECIAL_REGISTER(thread_x, "tid.x")
SPECIAL_REGISTER(block_x, "ctaid.x")
SPECIAL_REGISTER(block_y, "ctaid.y")
SPECIAL_REGISTER(block_z, "ctaid.z")
SPECIAL_REGISTER(block_x_size, "ntid.x")
SPECIAL_REGISTER(grid_x, "nctaid.x")
SPECIAL_REGISTER(grid_z, "nctaid.z")

DEVICE void block_barrier() { asm volatile("bar.sync 0;" ::: "memory"); }

DEVICE u32 shuffle_xor(u32 value, int mask) {
    u32 result;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(mask));
    return result;
}

DEVICE float shuffle_xor(float value, int mask) {
    float result;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=f"(result) : "f"(value), "r"(mask));
    return result;
}

DEVICE float shuffle_from(float value, int lane) {
    float result;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=f"(result) : "f"(value), "r"(lane));
    return result;
}

DEVICE u32 shuffle_from(u32 value, int lane) {
    u32 result;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(value), "r"(lane));
    return result;
}

// Of the lane so many below; its own for the first ones.
DEVICE float shuffle_up(float value, int lanes) {
    float result;
    asm volatile("shfl.sync.up.b32 %0, %1, %2, 0, 0xffffffff;" : "=f"(result) : "f"(value), "r"(lanes));
    return result;
}

// A bit of each lane of the warp.
DEVICE u32 warp_ballot(bool value) {
    u32 result;
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }" : "=r"(result) : "r"((u32)value));
    return result;
}

DEVICE int count_bits(u32 bits) { int count; asm("popc.b32 %0, %1;" : "=r"(count) : "r"(bits)); return count; }

// Number of the highest bit that is set; there must be one.
DEVICE int highest_bit(u32 bits) { int number; asm("bfind.u32 %0, %1;" : "=r"(number) : "r"(bits)); return number; }

DEVICE float exp2_fast(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
DEVICE float inverse_root(float x) { float y, z; asm("sqrt.rn.f32 %0, %1;" : "=f"(y) : "f"(x)); asm("rcp.rn.f32 %0, %1;" : "=f"(z) : "f"(y)); return z; }
DEVICE float inverse(float x) { float y; asm("rcp.rn.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
DEVICE float half_bits_to_float(u16 bits) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(bits)); return y; }
DEVICE u16 float_to_half_bits(float x) { u16 y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
DEVICE float bits_to_float(u32 bits) { float y; asm("mov.b32 %0, %1;" : "=f"(y) : "r"(bits)); return y; }
DEVICE u32 float_to_bits(float x) { u32 y; asm("mov.b32 %0, %1;" : "=r"(y) : "f"(x)); return y; }

// Past the caches' way of keeping things: weights are read once a step.
DEVICE Vec16 load16_stream(const void* from) {
    Vec16 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3]) : "l"(from));
    return v;
}

DEVICE Vec16 load16(const void* from) {
    Vec16 v;
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.w[0]), "=r"(v.w[1]), "=r"(v.w[2]), "=r"(v.w[3]) : "l"(from) : "memory");
    return v;
}

DEVICE void store16(void* to, Vec16 v) {
    asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" :: "l"(to), "r"(v.w[0]), "r"(v.w[1]), "r"(v.w[2]), "r"(v.w[3]) : "memory");
}

DEVICE u32 shared_address(const void* pointer) {
    u64 address;
    asm("cvta.to.shared.u64 %0, %1;" : "=l"(address) : "l"(pointer));
    return (u32)address;
}

DEVICE u32 atomic_add_shared(u32* address, u32 value) {
    u32 before;
    asm volatile("atom.shared.add.u32 %0, [%1], %2;" : "=r"(before) : "r"(shared_address(address)), "r"(value) : "memory");
    return before;
}

DEVICE void atomic_add_shared(u64* address, u64 value) {
    asm volatile("red.shared.add.u64 [%0], %1;" :: "r"(shared_address(address)), "l"(value) : "memory");
}

// A kernel may be let begin while the one before it ends (griddepcontrol, from sm_90 on): it must not touch what that one reads or writes before this returns.
// Without such a launch it returns at once.
DEVICE void await_previous() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Lets the next kernel begin where there is room, once all blocks of this one have come here.
DEVICE void let_next_begin() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// 16 bytes from global into shared memory, behind the threads' back; zeros if there is nothing to copy.
DEVICE void copy16_async(void* shared, const void* global, bool exists) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" :: "r"(shared_address(shared)), "l"(global), "r"(exists ? 16 : 0) : "memory");
}

DEVICE void copies_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits for all but the newest of the committed groups of copies.
template <int Newest> DEVICE void copies_wait() { asm volatile("cp.async.wait_group %0;" :: "n"(Newest) : "memory"); }

// Four 8 x 8 matrices of 16-bit elements; lane i gives the address of a row of 16 bytes.
DEVICE void load_matrices(u32* r, const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}

DEVICE void load_matrices_transposed(u32* r, const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}

// c += a b of a warp: a is 16 x 16, b 16 x 8, c 16 x 8 in float.
DEVICE void multiply_matrices(bf16, float* c, const u32* a, u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

DEVICE void multiply_matrices(f16, float* c, const u32* a, u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
