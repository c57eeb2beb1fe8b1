// NVRTC on a machine without CUDA: compiles kernels for the processor with clang, which is named by ACTORINFERENCE_CLANG, over
// emulation.h in the folder ACTORINFERENCE_EMULATOR.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

struct Program { std::string source, name, log, image; std::vector<std::string> headers, header_names; };

static std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

#define API extern "C" __attribute__((visibility("default"))) int

API nvrtcVersion(int* major, int* minor) { *major = 12; *minor = 8; return 0; }
API nvrtcCreateProgram(Program** program, const char* source, const char* name, int count, const char** headers, const char** names) {
    *program = new Program{source, name ? name : "kernel.cu"};
    for (int i = 0; i < count; i++) {
        (*program)->headers.push_back(headers[i]);
        (*program)->header_names.push_back(names[i]);
    }
    return 0;
}

API nvrtcDestroyProgram(Program** program) { delete *program; *program = nullptr; return 0; }

API nvrtcCompileProgram(Program* program, int count, const char** options) {
    char folder[] = "/tmp/emulated-nvrtc-XXXXXX";
    const char* clang = getenv("ACTORINFERENCE_CLANG");
    const char* emulator = getenv("ACTORINFERENCE_EMULATOR");
    if (!clang || !emulator || !mkdtemp(folder)) return 7;
    fs::path at(folder);
    std::ofstream(at / "kernel.cu") << program->source;
    for (size_t i = 0; i < program->headers.size(); i++) std::ofstream(at / program->header_names[i]) << program->headers[i];
    std::string command = std::string("'") + clang + "' -x c++ -std=c++17 -O1 -mllvm -pragma-unroll-threshold=1 -Wno-pass-failed -fPIC -shared -DACTORINFERENCE_EMULATED -I'" + emulator + "'";
    for (int i = 0; i < count; i++)
        if (strncmp(options[i], "-D", 2) == 0) command += std::string(" '") + options[i] + "'";
    command += " -o '" + (at / "kernel.so").string() + "' '" + (at / "kernel.cu").string() + "' >'" + (at / "log").string() + "' 2>&1";
    int status = system(command.c_str());
    program->log = read(at / "log");
    if (status == 0) {
        std::string library = read(at / "kernel.so");
        unsigned long long bytes = library.size();
        program->image = std::string("EMULATED") + std::string((char*)&bytes, 8) + library;
    }
    fs::remove_all(at);
    return status == 0 ? 0 : 6;
}

API nvrtcGetProgramLogSize(Program* program, size_t* bytes) { *bytes = program->log.size() + 1; return 0; }
API nvrtcGetProgramLog(Program* program, char* log) { memcpy(log, program->log.c_str(), program->log.size() + 1); return 0; }
API nvrtcGetCUBINSize(Program* program, size_t* bytes) { *bytes = program->image.size(); return 0; }
API nvrtcGetCUBIN(Program* program, char* image) { memcpy(image, program->image.data(), program->image.size()); return 0; }
API nvrtcGetPTXSize(Program* program, size_t* bytes) { return nvrtcGetCUBINSize(program, bytes); }
API nvrtcGetPTX(Program* program, char* image) { return nvrtcGetCUBIN(program, image); }
