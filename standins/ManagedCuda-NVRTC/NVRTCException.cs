namespace ManagedCuda.NVRTC;

public enum nvrtcResult
{
    Success = 0,
    ErrorOutOfMemory = 1,
    ErrorProgramCreationFailure = 2,
    ErrorInvalidInput = 3,
    ErrorInvalidProgram = 4,
    ErrorInvalidOption = 5,
    ErrorCompilation = 6,
    ErrorBuiltinOperationFailure = 7,
}

/// <summary>A call of NVRTC failed.</summary>
public class NVRTCException : Exception
{
    public NVRTCException(nvrtcResult error)
        : base($"{error}") => NVRTCError = error;

    public nvrtcResult NVRTCError { get; }
}
