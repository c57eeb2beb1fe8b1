// The device of device.cuh on a processor: a block's threads are fibers that the emulated driver switches at barriers and warp
// exchanges; blocks run one after the other. Shared memory is static, since one block runs at a time.
#pragma once
#include "runtime.h"

static EmulatedThread* emulated;
extern "C" void emulation_attach(EmulatedThread* thread) { emulated = thread; }

#define DEVICE static inline
#define DEVICE_METHOD inline
#define KERNEL(threads, name) static void name
#define SHARED static
#define DYNAMIC_SHARED(name) u8* name = emulated->dynamic_shared

template <int...> struct Indices {};
template <int N, int... I> struct CountTo : CountTo<N - 1, N - 1, I...> {};
template <int... I> struct CountTo<0, I...> { typedef Indices<I...> type; };

template <auto Kernel> struct Invoke;
template <typename... A, void (*Kernel)(A...)> struct Invoke<Kernel> {
    static constexpr int count = sizeof...(A);
    static constexpr int bytes[] = {(int)sizeof(A)...};
    template <int... I> static void call(void** p, Indices<I...>) { Kernel(*(A*)p[I]...); }
    static void run(void** p) { call(p, typename CountTo<count>::type()); }
    static constexpr EmulatedKernel entry(const char* name) { return {name, run, count, bytes}; }
};

#define KERNEL_ENTRY(name) Invoke<name>::entry(#name),
#define KERNELS_1(a) KERNEL_ENTRY(a)
#define KERNELS_2(a, ...) KERNEL_ENTRY(a) KERNELS_1(__VA_ARGS__)
#define KERNELS_3(a, ...) KERNEL_ENTRY(a) KERNELS_2(__VA_ARGS__)
#define KERNELS_4(a, ...) KERNEL_ENTRY(a) KERNELS_3(__VA_ARGS__)
#define KERNELS_5(a, ...) KERNEL_ENTRY(a) KERNELS_4(__VA_ARGS__)
#define KERNELS_N(a, b, c, d, e, name, ...) name
#define KERNELS(...) extern "C" { extern const EmulatedKernel emulation_kernels[] = { \
    KERNELS_N(__VA_ARGS__, KERNELS_5, KERNELS_4, KERNELS_3, KERNELS_2, KERNELS_1)(__VA_ARGS__) {nullptr, nullptr, 0, nullptr}}; }

DEVICE int thread_x() { return emulated->thread; }
DEVICE int block_x() { return emulated->block[0]; }
DEVICE int block_y() { return emulated->block[1]; }
DEVICE int block_z() { return emulated->block[2]; }
DEVICE int block_x_size() { return emulated->block_size; }
DEVICE int grid_x() { return emulated->grid[0]; }
DEVICE int grid_z() { return emulated->grid[2]; }
DEVICE void block_barrier() { emulated->block_barrier(); }

DEVICE void await_previous() {}
DEVICE void let_next_begin() {}

DEVICE float bits_to_float(u32 bits) { float value; __builtin_memcpy(&value, &bits, 4); return value; }
DEVICE u32 float_to_bits(float value) { u32 bits; __builtin_memcpy(&bits, &value, 4); return bits; }

DEVICE u32 shuffle_xor(u32 value, int mask) {
    u64 word = value;
    return (u32)emulated->exchange(&word, 1)[((thread_x() ^ mask) % WarpSize) * 8];
}

DEVICE float shuffle_xor(float value, int mask) { return bits_to_float(shuffle_xor(float_to_bits(value), mask)); }

DEVICE u32 shuffle_from(u32 value, int lane) {
    u64 word = value;
    return (u32)emulated->exchange(&word, 1)[lane % WarpSize * 8];
}

DEVICE float shuffle_from(float value, int lane) { return bits_to_float(shuffle_from(float_to_bits(value), lane)); }

DEVICE float shuffle_up(float value, int lanes) {
    int lane = thread_x() % WarpSize;
    return shuffle_from(value, lane < lanes ? lane : lane - lanes);
}

DEVICE u32 warp_ballot(bool value) {
    u64 word = value;
    const u64* words = emulated->exchange(&word, 1);
    u32 bits = 0;
    for (int i = 0; i < WarpSize; i++) bits |= (u32)words[i * 8] << i;
    return bits;
}

DEVICE int count_bits(u32 bits) { return __builtin_popcount(bits); }
DEVICE int highest_bit(u32 bits) { return 31 - __builtin_clz(bits); }

DEVICE float exp2_fast(float x) { return __builtin_exp2f(x); }
DEVICE float inverse_root(float x) { return 1 / __builtin_sqrtf(x); }
DEVICE float inverse(float x) { return 1 / x; }

DEVICE float half_bits_to_float(u16 bits) {
    u32 sign = (u32)(bits & 0x8000) << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 0) return (sign ? -1.f : 1.f) * (float)fraction * 5.9604644775390625e-8f;
    return bits_to_float(sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13);
}

DEVICE u16 float_to_half_bits(float x) {
    u32 bits = float_to_bits(x), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) return (u16)(sign | 0x7e00);
    if (rest >= 0x47800000) return (u16)(sign | 0x7c00);
    if (rest < 0x38800000) {
        // Adding one half lines the fraction up with that of the smallest halves, and rounds.
        float shifted = bits_to_float(rest) + 0.5f;
        return (u16)(sign | (float_to_bits(shifted) - 0x3f000000));
    }
    return (u16)(sign | (rest - 0x38000000 + 0xfff + (rest >> 13 & 1)) >> 13);
}

DEVICE void check_aligned(const void* address) {
    if ((u64)address % 16) emulated->fault("misaligned address of 16 bytes");
}

DEVICE Vec16 load16(const void* from) { check_aligned(from); return *(const Vec16*)from; }
DEVICE Vec16 load16_stream(const void* from) { return load16(from); }
DEVICE void store16(void* to, Vec16 value) { check_aligned(to); *(Vec16*)to = value; }

DEVICE u32 atomic_add_shared(u32* address, u32 value) { u32 before = *address; *address += value; return before; }
DEVICE void atomic_add_shared(u64* address, u64 value) { *address += value; }

DEVICE void copy16_async(void* shared, const void* global, bool exists) {
    check_aligned(shared);
    *(Vec16*)shared = exists ? load16(global) : Vec16{};
}

DEVICE void copies_commit() {}
template <int Newest> DEVICE void copies_wait() {}

DEVICE void load_matrices(u32* r, const void* row) {
    check_aligned(row);
    u64 address = (u64)row;
    const u64* rows = emulated->exchange(&address, 1);
    int lane = thread_x() % WarpSize;
    for (int i = 0; i < 4; i++) r[i] = ((const u32*)rows[(i * 8 + lane / 4) * 8])[lane % 4];
}

DEVICE void load_matrices_transposed(u32* r, const void* row) {
    check_aligned(row);
    u64 address = (u64)row;
    const u64* rows = emulated->exchange(&address, 1);
    int lane = thread_x() % WarpSize;
    for (int i = 0; i < 4; i++) {
        const u16* low = (const u16*)rows[(i * 8 + lane % 4 * 2) * 8];
        const u16* high = (const u16*)rows[(i * 8 + lane % 4 * 2 + 1) * 8];
        r[i] = (u32)low[lane / 4] | (u32)high[lane / 4] << 16;
    }
}

template <typename T> float element_of(u64 word, int half) {
    T value;
    value.bits = (u16)(word >> half * 16);
    return to_float(value);
}

template <typename T> void multiply_matrices(T, float* c, const u32* a, u32 b0, u32 b1) {
    u64 own[6] = {a[0], a[1], a[2], a[3], b0, b1};
    const u64* all = emulated->exchange(own, 6);
    int lane = thread_x() % WarpSize;
    for (int i = 0; i < 4; i++) {
        int row = lane / 4, column = lane % 4 * 2 + i % 2;
        float sum = 0;
        for (int k = 0; k < 16; k++) {
            u64 left = all[(row * 4 + k % 8 / 2) * 8 + i / 2 + k / 8 * 2];
            u64 right = all[(column * 4 + k % 8 / 2) * 8 + 4 + k / 8];
            sum += element_of<T>(left, k % 2) * element_of<T>(right, k % 2);
        }
        c[i] += sum;
    }
}
