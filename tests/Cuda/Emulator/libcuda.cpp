// libcuda on a machine without a GPU: the part of the driver API that the CUDA backend uses, over host memory, with kernels as
// emulation.h compiles them. As many devices as ACTORINFERENCE_EMULATED_DEVICES says, one by default; what streams are given runs in the
// thread that waits for it (streams.h). Not a stand-in for users: for tests.
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>
#include "fibers.h"
#include "streams.h"

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

struct Module { void* library; const EmulatedKernel* kernels; };

struct Context { int device; };

static std::recursive_mutex mutex;
static Memory memory;
static Context contexts[Memory::MaxDevices] = {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}};
static thread_local Context* current = nullptr;   // As of a driver's new thread: whoever asks for anything has to choose first.

static int device_count() {
    const char* text = getenv("ACTORINFERENCE_EMULATED_DEVICES");
    int count = text ? atoi(text) : 1;
    return count < 1 ? 1 : count > Memory::MaxDevices ? Memory::MaxDevices : count;
}

// What tests have go wrong: a kernel, the so manieth from now, or all work from now on, which never ends.
static Result planned_fault = Success;
static int kernels_to_fault = 0;
static bool is_hung = false;
static int calls_while_hung = 0;
static int allocations_to_refuse = 0;

#define API(name, ...) extern "C" __attribute__((visibility("default"))) Result name(__VA_ARGS__)
#define ALWAYS(name, ...) API(name, __VA_ARGS__) { return Success; }
#define UNPOISONED if (Stream::poisoned) return Stream::poisoned
#define LOCKED std::lock_guard<std::recursive_mutex> lock(mutex); UNPOISONED
#define LOCKED_API(name, body, ...) API(name, __VA_ARGS__) { LOCKED; body; }
#define CONTEXT if (!current) return InvalidContext
#define CONTEXT_API(name, body, ...) API(name, __VA_ARGS__) { LOCKED; CONTEXT; body; }

static Block& the_block() {
    static Block block;
    return block;
}

static Result run(const EmulatedKernel* kernel, const unsigned* grid, unsigned threads, void** parameters) {
    Block& block = the_block();
    if (planned_fault && --kernels_to_fault <= 0) {
        Result fault = planned_fault;
        planned_fault = Success;
        return fault;
    }
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
                return LaunchFailed;
            }
    return Success;
}

// A launch with its parameters as they are now.
struct Launch {
    const EmulatedKernel* kernel;
    unsigned grid[3], threads;
    std::vector<std::vector<char>> values;

    Result operator()() {
        void* parameters[64];
        for (size_t i = 0; i < values.size(); i++) parameters[i] = values[i].data();
        return run(kernel, grid, threads, parameters);
    }
};

API(emulated_fault, Result fault, int kernels) { std::lock_guard<std::recursive_mutex> lock(mutex); planned_fault = fault; kernels_to_fault = kernels; return Success; }
API(emulated_hang, int hangs) { std::lock_guard<std::recursive_mutex> lock(mutex); is_hung = hangs; calls_while_hung = 0; return Success; }
// Calls since then that would wait for ever on a device.
API(emulated_calls_while_hung) { return calls_while_hung; }

API(emulated_refuse_memory, int allocations) { std::lock_guard<std::recursive_mutex> lock(mutex); allocations_to_refuse = allocations; return Success; }

// Waits for what another process has yet to bring.
template <typename Try> static Result until_ready(Try attempt) {
    Result result;
    while ((result = attempt()) == NotReady && !is_hung) sched_yield();
    return result;
}

// For other emulated libraries: something that may have to be tried again, in its turn.
extern "C" __attribute__((visibility("default"))) void emulated_enqueue_attempts(Stream* stream, const Work& work) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    Stream::enqueue(stream, work);
}

// And something that is done at once.
extern "C" __attribute__((visibility("default"))) void emulated_enqueue(Stream* stream, const std::function<void()>& work) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    Stream::enqueue(stream, [work] { work(); return Success; });
}

ALWAYS(cuInit, unsigned)
API(cuDriverGetVersion, int* version) { *version = 12080; return Success; }
API(cuDeviceGetCount, int* count) { *count = device_count(); return Success; }
API(cuDeviceGet, int* device, int ordinal) { *device = ordinal; return ordinal >= 0 && ordinal < device_count() ? Success : 101; }
API(cuDeviceGetName, char* name, int length, int) { snprintf(name, length, "Emulated device"); return Success; }
API(cuDeviceTotalMem_v2, size_t* bytes, int) { *bytes = Memory::limit(); return Success; }

API(cuDeviceGetAttribute, int* value, int attribute, int) {
    switch (attribute) {
        case 75: *value = 9; break;      // Compute capability.
        case 76: *value = 0; break;
        case 16: *value = 4; break;      // Multiprocessors.
        case 10: *value = Block::Lanes; break;
        case 1: *value = Block::MaxThreads; break;
        case 97: *value = Block::SharedBytes; break;
        default: *value = 0; break;
    }
    return Success;
}

// What waits for the device, and so for ever where it hangs.
static Result all_done() {
    if (is_hung) {
        calls_while_hung++;
        return NotReady;
    }
    return until_ready([] { return Stream::run_all(); });
}

static Result release(Pointer pointer) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    CONTEXT;
    all_done();
    return memory.release(pointer);
}

LOCKED_API(cuDevicePrimaryCtxRetain, *context = contexts + device; return Success, Context** context, int device)
ALWAYS(cuDevicePrimaryCtxRelease_v2, int)
API(cuDevicePrimaryCtxReset_v2, int) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    Stream::poisoned = planned_fault = Success;
    is_hung = false;
    for (Stream* stream : Stream::all) {
        stream->waiting.clear();
        stream->done = stream->issued;
    }
    return Success;
}
API(cuCtxSetCurrent, Context* context) { current = context; LOCKED; return Success; }
API(cuCtxGetCurrent, Context** context) { *context = current; return Success; }
CONTEXT_API(cuCtxSynchronize, return all_done())
CONTEXT_API(cuMemGetInfo_v2, *total = Memory::limit(); *free = *total - memory.used(current->device); return Success, size_t* free, size_t* total)

static Result allocate(Pointer* pointer, size_t bytes) { return allocations_to_refuse > 0 ? allocations_to_refuse--, OutOfMemory : memory.allocate(pointer, bytes, current->device); }

CONTEXT_API(cuMemAlloc_v2, return allocate(pointer, bytes), Pointer* pointer, size_t bytes)
CONTEXT_API(cuMemHostAlloc, return memory.allocate((Pointer*)pointer, bytes, -1), void** pointer, size_t bytes, unsigned)
API(cuMemFree_v2, Pointer pointer) { return release(pointer); }
API(cuMemFreeHost, void* pointer) { return release((Pointer)pointer); }

CONTEXT_API(cuIpcGetMemHandle, return memory.share(pointer, handle), IpcHandle* handle, Pointer pointer)
CONTEXT_API(cuIpcOpenMemHandle_v2, return memory.open(pointer, handle), Pointer* pointer, IpcHandle handle, unsigned)
API(cuIpcCloseMemHandle, Pointer pointer) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    CONTEXT;
    all_done();
    memory.close(pointer);
    return Success;
}

// Of pageable memory a copy takes what is there when it is asked for, and into it it has written when it returns.
static Result copy(void* to, const void* from, size_t bytes, Stream* stream) {
    LOCKED;
    CONTEXT;
    if (!memory.is_known(from)) {
        std::vector<char> now((const char*)from, (const char*)from + bytes);
        return Stream::enqueue(stream, [to, now] { memcpy(to, now.data(), now.size()); return Success; });
    }
    Result result = Stream::enqueue(stream, [=] { memcpy(to, from, bytes); return Success; });
    return result || memory.is_known(to) || !stream || stream->capture ? result : until_ready([=] { return stream->run_until(stream->issued); });
}

#define COPY(name, To, From) \
    API(name##_v2, To to, From from, size_t bytes) { return copy((void*)to, (const void*)from, bytes, nullptr); } \
    API(name##Async_v2, To to, From from, size_t bytes, Stream* stream) { return copy((void*)to, (const void*)from, bytes, stream); }

COPY(cuMemcpyHtoD, Pointer, const void*)
COPY(cuMemcpyDtoH, void*, Pointer)
COPY(cuMemcpyDtoD, Pointer, Pointer)

CONTEXT_API(cuStreamCreate, *stream = new Stream(current->device); return Success, Stream** stream, unsigned)
API(cuStreamDestroy_v2, Stream* stream) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!is_hung) until_ready([=] { return stream->run_until(stream->issued); });
    delete stream;
    return Success;
}
LOCKED_API(cuStreamSynchronize, return is_hung ? all_done() : until_ready([=] { return stream->run_until(stream->issued); }), Stream* stream)
CONTEXT_API(cuStreamWaitEvent, return Stream::enqueue(stream, [awaited = *event] { return awaited.wait(); }), Stream* stream, Event* event, unsigned)
CONTEXT_API(cuStreamBeginCapture_v2, stream->capture = new Graph(); return Success, Stream* stream, int)
CONTEXT_API(cuStreamEndCapture, *graph = stream->capture; stream->capture = nullptr; return *graph ? Success : InvalidValue, Stream* stream, Graph** graph)
CONTEXT_API(cuGraphInstantiateWithFlags, *exec = new Graph(*graph); return Success, Graph** exec, Graph* graph, unsigned long long)
API(cuGraphDestroy, Graph* graph) { delete graph; return Success; }
API(cuGraphExecDestroy, Graph* graph) { delete graph; return Success; }
CONTEXT_API(cuGraphLaunch, for (const Work& step : graph->steps) Stream::enqueue(stream, step); return Success, Graph* graph, Stream* stream)

CONTEXT_API(cuEventCreate, *event = new Event(); return Success, Event** event, unsigned)
API(cuEventDestroy_v2, Event* event) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!is_hung) until_ready([=] { return event->wait(); });   // Its mark may lie in a stream yet.
    if (!is_hung) delete event;
    return Success;
}
CONTEXT_API(cuEventRecord, return event->record(stream), Event* event, Stream* stream)
LOCKED_API(cuEventSynchronize, return is_hung ? all_done() : until_ready([=] { return event->wait(); }), Event* event)
LOCKED_API(cuEventQuery, return is_hung ? NotReady : event->wait(), Event* event)
typedef std::chrono::duration<float, std::milli> Milliseconds;
LOCKED_API(cuEventElapsedTime, *ms = Milliseconds(end->time - start->time).count(); return Success, float* ms, Event* start, Event* end)

// An image is a shared library, as the emulated NVRTC makes it.
API(cuModuleLoadDataEx, Module** module, const void* image, unsigned, void*, void*) {
    LOCKED;
    CONTEXT;
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

API(cuModuleUnload, Module* module) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    CONTEXT;
    all_done();
    dlclose(module->library);
    delete module;
    return Success;
}

API(cuModuleGetFunction, const EmulatedKernel** function, Module* module, const char* name) {
    LOCKED;
    for (const EmulatedKernel* kernel = module->kernels; kernel->name; kernel++)
        if (strcmp(kernel->name, name) == 0) { *function = kernel; return Success; }
    return NotFound;
}

API(cuFuncSetAttribute, void*, int attribute, int value) { return attribute == 8 && value > Block::SharedBytes ? InvalidValue : Success; }
API(cuFuncGetAttribute, int* value, int, void*) { *value = 0; return Success; }

API(cuLaunchKernel, const EmulatedKernel* kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream* stream, void** parameters, void**) {
    LOCKED;
    CONTEXT;
    if (by != 1 || bz != 1 || !gx || !gy || !gz || gy > 65535 || gz > 65535 || shared > Block::SharedBytes) return InvalidValue;
    if (bx == 0 || bx > Block::MaxThreads || bx % Block::Lanes) return InvalidValue;
    if (stream && stream->device != current->device) return InvalidHandle;
    Launch launch{kernel, {gx, gy, gz}, bx, {}};
    for (int i = 0; i < kernel->parameter_count; i++) launch.values.emplace_back((char*)parameters[i], (char*)parameters[i] + kernel->parameter_bytes[i]);
    return Stream::enqueue(stream, launch);
}

struct LaunchAttribute { int id; char pad[4]; int value; char rest[60]; };
struct LaunchConfig { unsigned grid[3], block[3], shared; Stream* stream; const LaunchAttribute* attributes; unsigned count; };

static int overlapping_launches = 0;
API(emulated_overlapping_launches) { return overlapping_launches; }

API(cuLaunchKernelEx, const LaunchConfig* config, const EmulatedKernel* kernel, void** parameters, void** extra) {
    // Of the attributes only that which lets kernels overlap.
    if (config->count != 1 || config->attributes->id != 6 || config->attributes->value != 1) return InvalidValue;
    const unsigned *grid = config->grid, *block = config->block;
    overlapping_launches++;
    return cuLaunchKernel(kernel, grid[0], grid[1], grid[2], block[0], block[1], block[2], config->shared, config->stream, parameters, extra);
}

API(cuGetErrorName, Result error, const char** name) {
    *name = error == LaunchFailed ? "CUDA_ERROR_LAUNCH_FAILED" : error == OutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR";
    return Success;
}
