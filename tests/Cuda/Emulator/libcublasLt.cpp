// cuBLASLt on a machine without a GPU: D = alpha op(A) op(B) + beta C in column-major order, in plain loops.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <string>

enum { F32 = 0, F16 = 2, BF16 = 14 };
struct Layout { int type; uint64_t rows, columns; int64_t stride; };
struct Description { int compute, scale, transpose_a, transpose_b; };

#define API extern "C" __attribute__((visibility("default"))) int

static float at(const void* data, int type, uint64_t i) {
    if (type == F32) return ((const float*)data)[i];
    uint16_t half = ((const uint16_t*)data)[i];
    uint32_t bits = (uint32_t)half << 16;
    if (type == F16) {
        uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
        if (exponent == 0) return (sign ? -1.f : 1.f) * (float)fraction * 5.9604644775390625e-8f;
        bits = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
    }
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static void put(float value, void* data, int type, uint64_t i) {
    if (type == F32) { ((float*)data)[i] = value; return; }
    uint32_t bits;
    memcpy(&bits, &value, 4);
    ((uint16_t*)data)[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

API cublasLtCreate(void** handle) { *handle = new char; return 0; }
API cublasLtDestroy(void* handle) { delete (char*)handle; return 0; }
extern "C" __attribute__((visibility("default"))) size_t cublasLtGetVersion() { return 120800; }
API cublasLtMatmulDescCreate(Description** d, int compute, int scale) { *d = new Description{compute, scale, 0, 0}; return 0; }
API cublasLtMatmulDescDestroy(Description* d) { delete d; return 0; }
API cublasLtMatmulDescSetAttribute(Description* d, int attribute, const void* value, size_t) {
    if (attribute == 3) memcpy(&d->transpose_a, value, 4);
    else if (attribute == 4) memcpy(&d->transpose_b, value, 4);
    else return 7;
    return 0;
}

API cublasLtMatrixLayoutCreate(Layout** layout, int type, uint64_t rows, uint64_t columns, int64_t stride) { *layout = new Layout{type, rows, columns, stride}; return 0; }
API cublasLtMatrixLayoutDestroy(Layout* layout) { delete layout; return 0; }
API cublasLtMatmulPreferenceCreate(void** preference) { *preference = new char; return 0; }
API cublasLtMatmulPreferenceDestroy(void* preference) { delete (char*)preference; return 0; }
API cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t) { return 0; }

// cublasLtMatmulHeuristicResult_t: 64 bytes of algorithm, workspace size, status, waves, four reserved.
API cublasLtMatmulAlgoGetHeuristic(void*, Description*, Layout*, Layout*, Layout*, Layout*, void*, int wanted, void* results, int* found) {
    if (wanted < 1) return 7;
    memset(results, 0, 96);
    *found = 1;
    return 0;
}

static void multiply(Description d, float alpha, const void* a, Layout la, const void* b, Layout lb, float beta, const void* c, Layout lc, void* target, Layout ld) {
    uint64_t inner = d.transpose_a ? la.rows : la.columns;
    for (uint64_t column = 0; column < ld.columns; column++)
        for (uint64_t row = 0; row < ld.rows; row++) {
            float sum = 0;
            for (uint64_t k = 0; k < inner; k++)
                sum += at(a, la.type, d.transpose_a ? row * la.stride + k : k * la.stride + row) * at(b, lb.type, d.transpose_b ? k * lb.stride + column : column * lb.stride + k);
            float before = beta == 0 ? 0 : at(c, lc.type, column * lc.stride + row) * beta;
            put(alpha * sum + before, target, ld.type, column * ld.stride + row);
        }
}

typedef void (*Enqueue)(void*, const std::function<void()>&);

static Enqueue find_enqueue() {
    std::string driver = std::string(getenv("ACTORINFERENCE_CUDA_PATH")) + "/libcuda.so.1";
    return (Enqueue)dlsym(dlopen(driver.c_str(), RTLD_NOW), "emulated_enqueue");
}

API cublasLtMatmul(void*, Description* d, const float* alpha, const void* a, Layout* la, const void* b, Layout* lb, const float* beta, const void* c, Layout* lc,
    void* target, Layout* ld, const void*, void*, size_t, void* stream) {
    static Enqueue enqueue = find_enqueue();
    if ((ld->type != F32 && ld->type != BF16) || lc->type != ld->type || la->type != lb->type) return 15;
    if ((d->transpose_a ? la->rows : la->columns) != (d->transpose_b ? lb->columns : lb->rows)) return 7;
    enqueue(stream, [d = *d, alpha = *alpha, a, la = *la, b, lb = *lb, beta = *beta, c, lc = *lc, target, ld = *ld] {
        multiply(d, alpha, a, la, b, lb, beta, c, lc, target, ld);
    });
    return 0;
}
