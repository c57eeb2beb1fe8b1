// The part of CUDA C++ that the kernels use, from nothing: compiled by NVRTC without its headers, by clang without a CUDA
// SDK, and, under ACTORINFERENCE_EMULATED, by any C++17 compiler for a processor (tests/Cuda/Emulator/emulation.h).
#pragma once

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// 16 bytes: what one load of a thread brings at best.
struct alignas(16) Vec16 { u32 w[4]; };

// Bits of the two 16-bit formats; arithmetic is in float.
struct f16 { u16 bits; };
struct bf16 { u16 bits; };

// E4M3 of the OCP's 8-bit floating point: no infinities, one NaN of each sign.
struct f8 { u8 bits; };

static constexpr int WarpSize = 32;
static constexpr float Log2E = 1.4426950408889634f;
// Below every score, and yet finite: differences of two of them are numbers.
static constexpr float Lowest = -1e30f;

#ifdef ACTORINFERENCE_EMULATED
#include "emulation.h"
#else
#include "device_ptx.cuh"
#endif

DEVICE float to_float(float value) { return value; }
DEVICE float to_float(bf16 value) { return bits_to_float((u32)value.bits << 16); }
DEVICE float to_float(f16 value) { return half_bits_to_float(value.bits); }

// The exponent's bias is 7; that of a float with the same bits in its place is 127.
DEVICE float to_float(f8 value) {
    u32 rest = value.bits & 0x7fu;
    float number = bits_to_float((u32)(value.bits & 0x80) << 24 | rest << 20) * 1.329227995784916e36f;
    return rest == 0x7f ? bits_to_float(0x7fc00000) : number;
}

DEVICE void from_float(float value, float& target) { target = value; }

// Nearest, ties to even; NaN stays NaN.
DEVICE void from_float(float value, bf16& target) {
    u32 bits = float_to_bits(value);
    target.bits = value != value ? (u16)((bits >> 16) | 0x40) : (u16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// Nearest, ties to even; what exceeds the format becomes its largest value, as keys and values must stay finite.
DEVICE void from_float(float value, f16& target) {
    target.bits = float_to_half_bits(value > 65504.f ? 65504.f : value < -65504.f ? -65504.f : value);
}

// Nearest, ties to even; what exceeds the format becomes its largest value, 448; NaN stays NaN.
DEVICE void from_float(float value, f8& target) {
    u32 bits = float_to_bits(value), sign = bits >> 24 & 0x80, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) target.bits = (u8)(sign | 0x7f);
    else if (rest >= 0x43e00000) target.bits = (u8)(sign | 0x7e);
    // Adding 2^14 lines the fraction up with that of the smallest numbers, and rounds.
    else if (rest < 0x3c800000) target.bits = (u8)(sign | (float_to_bits(bits_to_float(rest) + 16384.f) - 0x46800000));
    else target.bits = (u8)(sign | (rest - 0x3c000000 + 0x7ffff + (rest >> 20 & 1)) >> 20);
}

template <typename T> DEVICE T narrow(float value) { T target; from_float(value, target); return target; }

// Elements of a type in 16 bytes.
template <typename T> struct Lanes16 { static constexpr int count = 16 / (int)sizeof(T); };

DEVICE void unpack_word(u32 word, float* values, float) { values[0] = bits_to_float(word); }

DEVICE void unpack_word(u32 word, float* values, f8) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
        f8 value;
        value.bits = (u8)(word >> i * 8);
        values[i] = to_float(value);
    }
}

template <typename T> DEVICE void unpack_word(u32 word, float* values, T) {
    T low, high;
    low.bits = (u16)word;
    high.bits = (u16)(word >> 16);
    values[0] = to_float(low);
    values[1] = to_float(high);
}

template <typename T> DEVICE void unpack16(Vec16 bits, float* values) {
#pragma unroll
    for (int i = 0; i < 4; i++) unpack_word(bits.w[i], values + i * (Lanes16<T>::count / 4), T());
}

template <typename T> DEVICE u32 pack_pair(float low, float high) {
    return (u32)narrow<T>(low).bits | (u32)narrow<T>(high).bits << 16;
}

// What a kernel begins with that reads nothing but what others have written.
DEVICE void begin() {
    let_next_begin();
    await_previous();
}

// Four neighbours, on a boundary of their size.
DEVICE void store_four(float* target, const float* values) {
    store16(target, Vec16{{float_to_bits(values[0]), float_to_bits(values[1]), float_to_bits(values[2]), float_to_bits(values[3])}});
}

template <typename T> DEVICE void store_four(T* target, const float* values) {
    *(u64*)target = pack_pair<T>(values[0], values[1]) | (u64)pack_pair<T>(values[2], values[3]) << 32;
}

DEVICE float warp_sum(float value) {
#pragma unroll
    for (int mask = WarpSize / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
    return value;
}

// The halves of a longer number one after the other.
DEVICE u64 shuffle_from(u64 value, int lane) { return shuffle_from((u32)value, lane) | (u64)shuffle_from((u32)(value >> 32), lane) << 32; }

DEVICE u64 warp_sum(u64 value) {
#pragma unroll
    for (int mask = WarpSize / 2; mask > 0; mask /= 2) value += shuffle_xor((u32)value, mask) | (u64)shuffle_xor((u32)(value >> 32), mask) << 32;
    return value;
}

// Number of the lowest bit that is set; there must be one.
DEVICE int lowest_bit(u32 bits) { return highest_bit(bits & (0u - bits)); }

DEVICE float larger(float a, float b) { return a > b ? a : b; }
DEVICE int smaller(int a, int b) { return a < b ? a : b; }

// Sum over the block, the same in every thread. scratch: a float for each warp, and one more.
DEVICE float block_sum(float value, float* scratch) {
    int warp = thread_x() / WarpSize, warps = block_x_size() / WarpSize;
    value = warp_sum(value);
    if (thread_x() % WarpSize == 0) scratch[warp] = value;
    block_barrier();
    float total = 0;
    for (int i = 0; i < warps; i++) total += scratch[i];
    block_barrier();
    return total;
}
