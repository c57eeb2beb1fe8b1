// What a compiled module and the emulated driver know of each other.
#pragma once

struct EmulatedThread {
    int thread, block[3], block_size, grid[3];
    unsigned char* dynamic_shared;
    // Returns when all threads of the block have come.
    void (*block_barrier)();
    // Gives words to the warp; returns those of all its lanes, [32][8], when all have come. Valid until the next exchange but one.
    const unsigned long long* (*exchange)(const unsigned long long* words, int count);
    // Ends the launch with an error.
    void (*fault)(const char* what);
};

struct EmulatedKernel {
    const char* name;
    void (*invoke)(void** parameters);
    int parameter_count;
    const int* parameter_bytes;
};
