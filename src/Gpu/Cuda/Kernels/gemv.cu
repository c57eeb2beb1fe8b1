// Products of weights with a few vectors, where reading the weights is all the time there is: y = W x, a warp an output row,
// 16 bytes of weights a load. Quantized rows are integers of 8 or 4 bits with a 16-bit scale for each 32.
#include "device.cuh"

#ifndef ACT
#define ACT bf16
#endif

namespace gemv {

constexpr int Warps = 4;
constexpr int Ahead = 4;   // Loads of weights that a thread has under way at once: memory answers late.

// Weights as 16-byte loads: how many inputs one holds, and their values.
template <typename T> struct Plain {
    const T* data;
    static constexpr int Inputs = Lanes16<T>::count;
    DEVICE_METHOD static void values(Vec16 bits, float* w) { unpack16<T>(bits, w); }
    DEVICE_METHOD Vec16 load(long long row, int inputs, int i) const { return load16_stream(data + row * inputs + i); }
    DEVICE_METHOD float scale(long long, int, int) const { return 1; }
};

// Integers [outputs][inputs], then scales [outputs][inputs / 32].
struct Bytes {
    const s8* data;
    const f16* scales;
    static constexpr int Inputs = 16;
    DEVICE_METHOD static void values(Vec16 bits, float* w) {
#pragma unroll
        for (int i = 0; i < 16; i++) w[i] = (float)(s8)(bits.w[i / 4] >> (i % 4 * 8));
    }
    DEVICE_METHOD Vec16 load(long long row, int inputs, int i) const { return load16_stream(data + row * inputs + i); }
    DEVICE_METHOD float scale(long long row, int inputs, int i) const { return to_float(scales[row * (inputs / 32) + i / 32]); }
};

// As the bytes, two to one: of each 32 inputs the first 16 are the low halves; less 8.
struct Nibbles {
    const u8* data;
    const f16* scales;
    static constexpr int Inputs = 32;
    DEVICE_METHOD static void values(Vec16 bits, float* w) {
#pragma unroll
        for (int i = 0; i < 16; i++) {
            u32 both = bits.w[i / 4] >> (i % 4 * 8);
            w[i] = (float)(int)(both & 15) - 8;
            w[i + 16] = (float)(int)(both >> 4 & 15) - 8;
        }
    }
    DEVICE_METHOD Vec16 load(long long row, int inputs, int i) const { return load16_stream(data + (row * inputs + i) / 2); }
    DEVICE_METHOD float scale(long long row, int inputs, int i) const { return to_float(scales[row * (inputs / 32) + i / 32]); }
};

// A load's weights times their inputs, for each vector.
template <int Batch, typename W> DEVICE void add(float (&sums)[Batch], Vec16 bits, float scale, const ACT* x, int inputs) {
    float w[W::Inputs];
    W::values(bits, w);
#pragma unroll
    for (int b = 0; b < Batch; b++) {
        float sum = 0;
#pragma unroll
        for (int j = 0; j < W::Inputs; j += Lanes16<ACT>::count) {
            float part[Lanes16<ACT>::count];
            unpack16<ACT>(load16(x + (long long)b * inputs + j), part);
#pragma unroll
            for (int e = 0; e < Lanes16<ACT>::count; e++) sum += w[j + e] * part[e];
        }
        sums[b] += sum * scale;
    }
}

// What a thread loads of a row at once.
template <typename W> struct Part {
    static constexpr int Step = WarpSize * W::Inputs;
    Vec16 bits[Ahead];
    float scales[Ahead];

    DEVICE_METHOD static bool is_whole(int i, int inputs) { return i + (Ahead - 1) * Step < inputs; }

    DEVICE_METHOD void load(const W& weights, long long row, int inputs, int i) {
#pragma unroll
        for (int a = 0; a < Ahead; a++) {
            bits[a] = weights.load(row, inputs, i + a * Step);
            scales[a] = weights.scale(row, inputs, i + a * Step);
        }
    }
};

template <int Batch, typename W> DEVICE void product(float* y, const ACT* x, const W& weights, int outputs, int inputs) {
    long long row = block_x() * Warps + thread_x() / WarpSize;
    int lane = thread_x() % WarpSize, i = lane * W::Inputs;
    if (row >= outputs) return;
    float sums[Batch];
#pragma unroll
    for (int b = 0; b < Batch; b++) sums[b] = 0;
    Part<W> part;
    bool is_whole = Part<W>::is_whole(i, inputs);
    if (is_whole) part.load(weights, row, inputs, i);
    await_previous();   // Weights are nobody's result.
    while (is_whole) {
#pragma unroll
        for (int a = 0; a < Ahead; a++) add<Batch, W>(sums, part.bits[a], part.scales[a], x + i + a * Part<W>::Step, inputs);
        i += Ahead * Part<W>::Step;
        is_whole = Part<W>::is_whole(i, inputs);
        if (is_whole) part.load(weights, row, inputs, i);
    }
    for (; i < inputs; i += Part<W>::Step) add<Batch, W>(sums, weights.load(row, inputs, i), weights.scale(row, inputs, i), x + i, inputs);
#pragma unroll
    for (int b = 0; b < Batch; b++) {
        float sum = warp_sum(sums[b]);
        if (lane == 0) y[(long long)b * outputs + row] = sum;
    }
}

template <typename W> DEVICE void products(float* y, const ACT* x, const W& weights, int batch, int outputs, int inputs) {
    int first = 0;
    let_next_begin();
    for (; first + 4 <= batch; first += 4) product<4>(y + (long long)first * outputs, x + (long long)first * inputs, weights, outputs, inputs);
    y += (long long)first * outputs;
    x += (long long)first * inputs;
    if (batch - first == 1) product<1>(y, x, weights, outputs, inputs);
    if (batch - first == 2) product<2>(y, x, weights, outputs, inputs);
    if (batch - first == 3) product<3>(y, x, weights, outputs, inputs);
}

// 256 weights a warp into activations' type, for products with many vectors.
template <typename W> DEVICE void widen(ACT* target, const W& weights, int outputs, int inputs) {
    begin();
    long long row = block_x();
    int i = (block_y() * block_x_size() + thread_x()) * W::Inputs;
    if (i >= inputs) return;
    float w[W::Inputs], scale = weights.scale(row, inputs, i);
    W::values(weights.load(row, inputs, i), w);
#pragma unroll
    for (int j = 0; j < W::Inputs; j++) from_float(w[j] * scale, target[row * inputs + i + j]);
}

}

// Blocks of 128 threads, four outputs each. y [batch, outputs] in float, x [batch, inputs], batch up to 8; inputs a multiple of 8, of 32 for the quantized.
KERNEL(128, gemv_plain)(float* y, const ACT* x, const ACT* data, int batch, int outputs, int inputs) {
    gemv::products(y, x, gemv::Plain<ACT>{data}, batch, outputs, inputs);
}

KERNEL(128, gemv_bytes)(float* y, const ACT* x, const s8* data, const f16* scales, int batch, int outputs, int inputs) {
    gemv::products(y, x, gemv::Bytes{data, scales}, batch, outputs, inputs);
}

KERNEL(128, gemv_nibbles)(float* y, const ACT* x, const u8* data, const f16* scales, int batch, int outputs, int inputs) {
    gemv::products(y, x, gemv::Nibbles{data, scales}, batch, outputs, inputs);
}

// Blocks of 128 threads: x over the outputs, of which there may be more than y has room for; y over the inputs.
KERNEL(128, widen_bytes)(ACT* target, const s8* data, const f16* scales, int outputs, int inputs) {
    gemv::widen(target, gemv::Bytes{data, scales}, outputs, inputs);
}

KERNEL(128, widen_nibbles)(ACT* target, const u8* data, const f16* scales, int outputs, int inputs) {
    gemv::widen(target, gemv::Nibbles{data, scales}, outputs, inputs);
}

KERNELS(gemv_plain, gemv_bytes, gemv_nibbles, widen_bytes, widen_nibbles)
