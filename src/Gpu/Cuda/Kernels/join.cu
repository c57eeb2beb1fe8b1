// Logits that ranks have computed each for a part of the vocabulary, put together.
#include "device.cuh"

// Blocks of 256 threads: x over the vocabulary, y over the rows. parts [ranks][rows][tokens], where rank r's first token is vocab * r / ranks:
// parts may overlap, and of what two have the later one's is taken. target [rows, vocab].
KERNEL(256, join_logits)(float* target, const float* parts, int rows, int vocab, int ranks, int tokens) {
    begin();
    int token = block_x() * block_x_size() + thread_x();
    if (token >= vocab) return;
    int rank = (int)(((long long)(token + 1) * ranks - 1) / vocab);
    int first = (int)((long long)vocab * rank / ranks);
    target[(long long)block_y() * vocab + token] = parts[((long long)rank * rows + block_y()) * tokens + token - first];
}

KERNELS(join_logits)
