// A block's threads as fibers on one processor thread. Where they wait for each other is where they are switched; a block
// in which nobody can go on has a barrier that not all of its threads reach, which is an error on a device too.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include "runtime.h"

class Block {
public:
    static constexpr int MaxThreads = 1024, Lanes = 32, StackBytes = 128 << 10;

    EmulatedThread thread{};
    const char* fault = nullptr;

    Block() {
        current_ = this;
        stacks_ = (char*)mmap(nullptr, (size_t)MaxThreads * StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stacks_ == MAP_FAILED) abort();
        shared_ = (unsigned char*)aligned_alloc(1024, SharedBytes);
        thread.block_barrier = [] { current_->wait_block(); };
        thread.exchange = [](const unsigned long long* words, int count) { return current_->exchange(words, count); };
        thread.fault = [](const char* what) { current_->fail(what); };
    }

    static constexpr int SharedBytes = 232448;

    // Runs all threads of one block. backwards: the last first, so that an order that happens to work does not hide a race.
    bool run(void (*invoke)(void**), void** parameters, int threads, bool backwards) {
        invoke_ = invoke;
        parameters_ = parameters;
        threads_ = threads;
        thread.block_size = threads;
        thread.dynamic_shared = shared_;
        waiting_ = 0;
        generation_ = 0;
        for (int w = 0; w < threads / Lanes; w++) warps_[w].arrived = 0;
        for (int i = 0; i < threads; i++) start(i);
        for (int left = threads; left > 0 && !fault;) {
            bool moved = false;
            for (int n = 0; n < threads && !fault; n++) {
                int i = backwards ? threads - 1 - n : n;
                Fiber& fiber = fibers_[i];
                if (fiber.done || (fiber.wait && *fiber.wait == fiber.seen)) continue;
                moved = true;
                running_ = i;
                thread.thread = i;
                change_stack(&scheduler_, fiber.stack);
                if (fiber.done) left--;
            }
            if (!moved) fault = "deadlock: not all threads of a block reach a barrier";
        }
        return !fault;
    }

private:
    struct Fiber { void* stack; bool done; const unsigned* wait; unsigned seen; };
    struct Warp { unsigned generation; int arrived; unsigned long long words[2][Lanes][8]; };

    static inline Block* current_;
    Fiber fibers_[MaxThreads];
    Warp warps_[MaxThreads / Lanes];
    char* stacks_;
    unsigned char* shared_;
    void* scheduler_ = nullptr;
    void (*invoke_)(void**);
    void** parameters_;
    int threads_ = 0, running_ = 0, waiting_ = 0;
    unsigned generation_ = 0;

    // Saves what a called function must keep, and changes stacks (System V ABI of x86-64; AAPCS64 elsewhere).
    static void change_stack(void** save, void* to);

    static void enter() {
        Block* block = current_;
        block->invoke_(block->parameters_);
        block->fibers_[block->running_].done = true;
        block->yield();
        abort();
    }

    void start(int i) {
        uint64_t* top = (uint64_t*)(stacks_ + (size_t)(i + 1) * StackBytes);
#if defined(__x86_64__)
        *--top = 0;
        *--top = (uint64_t)&enter;
        top -= 6;
        for (int r = 0; r < 6; r++) top[r] = 0;
#elif defined(__aarch64__)
        top -= 20;
        for (int r = 0; r < 20; r++) top[r] = 0;
        top[11] = (uint64_t)&enter;
#else
#error "Fibers are written for x86-64 and AArch64."
#endif
        fibers_[i] = {top, false, nullptr, 0};
    }

    void yield() { change_stack(&fibers_[running_].stack, scheduler_); }

    void wait_for(const unsigned* generation) {
        Fiber& fiber = fibers_[running_];
        fiber.wait = generation;
        fiber.seen = *generation;
        yield();
        fiber.wait = nullptr;
    }

    void wait_block() {
        if (++waiting_ == threads_) {
            waiting_ = 0;
            generation_++;
        } else {
            wait_for(&generation_);
        }
    }

    const unsigned long long* exchange(const unsigned long long* words, int count) {
        Warp& warp = warps_[running_ / Lanes];
        unsigned generation = warp.generation;
        auto& slot = warp.words[generation & 1];
        for (int i = 0; i < count; i++) slot[running_ % Lanes][i] = words[i];
        if (++warp.arrived == Lanes) {
            warp.arrived = 0;
            warp.generation++;
        } else {
            wait_for(&warp.generation);
        }
        return &slot[0][0];
    }

    void fail(const char* what) {
        fault = what;
        yield();
    }
};
