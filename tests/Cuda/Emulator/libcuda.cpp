// libcuda on a machine without a GPU: the part of the driver API that the CUDA backend uses, over host memory, with kernels as
// emulation.h compiles them. One device; launches run at once in the calling thread. Not a stand-in for users: for tests.
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unistd.h>
#include <vector>
#include "fibers.h"

#if defined(__x86_64__)
asm(R"(
.text
emulation_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");
#else
asm(R"(
.text
emulation_switch:
    sub sp, sp, #160
    stp x19, x20, [sp]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
)");
#endif
extern "C" void emulation_switch(void** save, void* to);
void Block::change_stack(void** save, void* to) { emulation_switch(save, to); }

typedef int Result;
typedef unsigned long long Pointer;
enum { Success = 0, InvalidValue = 1, OutOfMemory = 2, InvalidImage = 200, NotFound = 500, LaunchFailed = 719 };

struct Module { void* library; const EmulatedKernel* kernels; };
struct Step { const EmulatedKernel* kernel; unsigned grid[3], threads; std::vector<std::vector<char>> parameters; void* to; const void* from; size_t bytes; std::function<void()> other; };
struct Graph { std::vector<Step> steps; };
struct Stream { Graph* capture = nullptr; };
struct Memory { std::map<Pointer, size_t> sizes; size_t used = 0; };

static std::recursive_mutex mutex;
static Result poisoned = Success;   // As on a device: after a fault nothing more works in the context.
static Memory memory;
static size_t limit() { const char* text = getenv("ACTORINFERENCE_EMULATED_MEMORY"); return text ? strtoull(text, nullptr, 10) : 8ull << 30; }

#define API extern "C" __attribute__((visibility("default"))) Result
#define LOCKED std::lock_guard<std::recursive_mutex> lock(mutex); if (poisoned) return poisoned

static Block& the_block() {
    static Block block;
    return block;
}

static Result run(const EmulatedKernel* kernel, const unsigned* grid, unsigned threads, void** parameters) {
    Block& block = the_block();
    if (threads == 0 || threads > Block::MaxThreads || threads % Block::Lanes || !grid[0] || !grid[1] || !grid[2]) return InvalidValue;
    for (int i = 0; i < 3; i++) block.thread.grid[i] = (int)grid[i];
    unsigned number = 0;
    for (unsigned z = 0; z < grid[2]; z++)
        for (unsigned y = 0; y < grid[1]; y++)
            for (unsigned x = 0; x < grid[0]; x++, number++) {
                block.thread.block[0] = (int)x;
                block.thread.block[1] = (int)y;
                block.thread.block[2] = (int)z;
                if (block.run(kernel->invoke, parameters, (int)threads, number & 1)) continue;
                fprintf(stderr, "emulated kernel %s: %s\n", kernel->name, block.fault);
                block.fault = nullptr;
                return poisoned = LaunchFailed;
            }
    return Success;
}

API cuInit(unsigned) { return Success; }
API cuDriverGetVersion(int* version) { *version = 12080; return Success; }
API cuDeviceGetCount(int* count) { *count = 1; return Success; }
API cuDeviceGet(int* device, int ordinal) { *device = ordinal; return ordinal == 0 ? Success : 101; }
API cuDeviceGetName(char* name, int length, int) { snprintf(name, length, "Emulated device"); return Success; }
API cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = limit(); return Success; }

API cuDeviceGetAttribute(int* value, int attribute, int) {
    switch (attribute) {
        case 75: *value = 9; break;      // Compute capability.
        case 76: *value = 0; break;
        case 16: *value = 4; break;      // Multiprocessors.
        case 10: *value = Block::Lanes; break;
        case 1: *value = Block::MaxThreads; break;
        case 83: case 88: case 89: *value = 1; break;   // Managed memory, from both sides at once.
        case 97: *value = Block::SharedBytes; break;
        default: *value = 0; break;
    }
    return Success;
}

API cuDevicePrimaryCtxRetain(void** context, int) { LOCKED; *context = &memory; return Success; }
API cuDevicePrimaryCtxRelease_v2(int) { return Success; }
API cuDevicePrimaryCtxReset_v2(int) { std::lock_guard<std::recursive_mutex> lock(mutex); poisoned = Success; return Success; }
API cuCtxSetCurrent(void*) { LOCKED; return Success; }
API cuCtxGetCurrent(void** context) { *context = &memory; return Success; }
API cuCtxSynchronize() { LOCKED; return Success; }
API cuMemGetInfo_v2(size_t* free, size_t* total) { LOCKED; *total = limit(); *free = *total - memory.used; return Success; }

static Result allocate(Pointer* pointer, size_t bytes) {
    if (memory.used + bytes > limit()) return OutOfMemory;
    // What nobody has written is no number, so that nobody reads it unnoticed.
    void* block = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (!block) return OutOfMemory;
    memset(block, 0xff, bytes);
    memory.sizes[*pointer = (Pointer)block] = bytes;
    memory.used += bytes;
    return Success;
}

static Result release(Pointer pointer) {
    auto found = memory.sizes.find(pointer);
    if (found == memory.sizes.end()) return InvalidValue;
    memory.used -= found->second;
    memory.sizes.erase(found);
    free((void*)pointer);
    return Success;
}

API cuMemAlloc_v2(Pointer* pointer, size_t bytes) { LOCKED; return allocate(pointer, bytes); }
API cuMemAllocManaged(Pointer* pointer, size_t bytes, unsigned) { LOCKED; return allocate(pointer, bytes); }
API cuMemFree_v2(Pointer pointer) { std::lock_guard<std::recursive_mutex> lock(mutex); return release(pointer); }
API cuMemHostAlloc(void** pointer, size_t bytes, unsigned) { LOCKED; return allocate((Pointer*)pointer, bytes); }
API cuMemFreeHost(void* pointer) { std::lock_guard<std::recursive_mutex> lock(mutex); return release((Pointer)pointer); }
API cuMemAdvise(Pointer, size_t, int, int) { return Success; }

static Result copy(void* to, const void* from, size_t bytes, Stream* stream) {
    LOCKED;
    if (stream && stream->capture) {
        Step step{};
        step.to = to; step.from = from; step.bytes = bytes;
        stream->capture->steps.push_back(step);
        return Success;
    }
    memcpy(to, from, bytes);
    return Success;
}

// For other emulated libraries: does something now, or when the graph that the stream is captured into is launched.
extern "C" __attribute__((visibility("default"))) void emulated_enqueue(Stream* stream, const std::function<void()>& work) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!stream || !stream->capture) return work();
    Step step{};
    step.other = work;
    stream->capture->steps.push_back(step);
}

API cuMemcpyHtoD_v2(Pointer to, const void* from, size_t bytes) { return copy((void*)to, from, bytes, nullptr); }
API cuMemcpyDtoH_v2(void* to, Pointer from, size_t bytes) { return copy(to, (void*)from, bytes, nullptr); }
API cuMemcpyDtoD_v2(Pointer to, Pointer from, size_t bytes) { return copy((void*)to, (void*)from, bytes, nullptr); }
API cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t bytes, Stream* stream) { return copy((void*)to, from, bytes, stream); }
API cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t bytes, Stream* stream) { return copy(to, (void*)from, bytes, stream); }
API cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, Stream* stream) { return copy((void*)to, (void*)from, bytes, stream); }
API cuMemsetD8_v2(Pointer to, unsigned char value, size_t bytes) { LOCKED; memset((void*)to, value, bytes); return Success; }

API cuStreamCreate(Stream** stream, unsigned) { LOCKED; *stream = new Stream(); return Success; }
API cuStreamDestroy_v2(Stream* stream) { delete stream; return Success; }
API cuStreamSynchronize(Stream*) { LOCKED; return Success; }
API cuStreamQuery(Stream*) { LOCKED; return Success; }
API cuStreamWaitEvent(Stream*, void*, unsigned) { LOCKED; return Success; }
API cuStreamBeginCapture_v2(Stream* stream, int) { LOCKED; stream->capture = new Graph(); return Success; }
API cuStreamEndCapture(Stream* stream, Graph** graph) { LOCKED; *graph = stream->capture; stream->capture = nullptr; return *graph ? Success : InvalidValue; }
API cuGraphInstantiateWithFlags(Graph** exec, Graph* graph, unsigned long long) { LOCKED; *exec = new Graph(*graph); return Success; }
API cuGraphDestroy(Graph* graph) { delete graph; return Success; }
API cuGraphExecDestroy(Graph* graph) { delete graph; return Success; }

API cuGraphLaunch(Graph* graph, Stream*) {
    LOCKED;
    for (Step& step : graph->steps) {
        if (step.other) { step.other(); continue; }
        if (!step.kernel) { memcpy(step.to, step.from, step.bytes); continue; }
        void* parameters[64];
        for (size_t i = 0; i < step.parameters.size(); i++) parameters[i] = step.parameters[i].data();
        if (Result result = run(step.kernel, step.grid, step.threads, parameters)) return result;
    }
    return Success;
}

API cuEventCreate(void** event, unsigned) { LOCKED; *event = new char; return Success; }
API cuEventDestroy_v2(void* event) { delete (char*)event; return Success; }
API cuEventRecord(void*, void*) { LOCKED; return Success; }
API cuEventSynchronize(void*) { LOCKED; return Success; }
API cuEventQuery(void*) { LOCKED; return Success; }
API cuEventElapsedTime(float* ms, void*, void*) { *ms = 0.001f; return Success; }

// An image is a shared library, as the emulated NVRTC makes it.
API cuModuleLoadDataEx(Module** module, const void* image, unsigned, void*, void*) {
    LOCKED;
    unsigned long long bytes;
    if (memcmp(image, "EMULATED", 8) != 0) return InvalidImage;
    memcpy(&bytes, (const char*)image + 8, 8);
    char path[] = "/tmp/emulated-module-XXXXXX";
    int file = mkstemp(path);
    if (file < 0) return InvalidImage;
    bool written = write(file, (const char*)image + 16, bytes) == (ssize_t)bytes;
    close(file);
    void* library = written ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (!library) fprintf(stderr, "emulated module: %s\n", dlerror());
    unlink(path);
    if (!library) return InvalidImage;
    *module = new Module{library, (const EmulatedKernel*)dlsym(library, "emulation_kernels")};
    ((void (*)(EmulatedThread*))dlsym(library, "emulation_attach"))(&the_block().thread);
    return Success;
}

API cuModuleUnload(Module* module) { dlclose(module->library); delete module; return Success; }

API cuModuleGetFunction(const EmulatedKernel** function, Module* module, const char* name) {
    LOCKED;
    for (const EmulatedKernel* kernel = module->kernels; kernel->name; kernel++)
        if (strcmp(kernel->name, name) == 0) { *function = kernel; return Success; }
    return NotFound;
}

API cuFuncSetAttribute(void*, int attribute, int value) { return attribute == 8 && value > Block::SharedBytes ? InvalidValue : Success; }
API cuFuncGetAttribute(int* value, int, void*) { *value = 0; return Success; }

API cuLaunchKernel(const EmulatedKernel* kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream* stream, void** parameters, void**) {
    LOCKED;
    if (by != 1 || bz != 1 || shared > Block::SharedBytes) return InvalidValue;
    unsigned grid[3] = {gx, gy, gz};
    if (!stream || !stream->capture) return run(kernel, grid, bx, parameters);
    Step step{};
    step.kernel = kernel;
    memcpy(step.grid, grid, sizeof grid);
    step.threads = bx;
    for (int i = 0; i < kernel->parameter_count; i++) step.parameters.emplace_back((char*)parameters[i], (char*)parameters[i] + kernel->parameter_bytes[i]);
    stream->capture->steps.push_back(std::move(step));
    return Success;
}

API cuGetErrorName(Result error, const char** name) {
    *name = error == LaunchFailed ? "CUDA_ERROR_LAUNCH_FAILED" : error == OutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR";
    return Success;
}
