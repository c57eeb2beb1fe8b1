namespace ActorInference.Gpu.Cuda;

/// <summary>A library of CUDA refused a call, or a kernel does not compile. The device is as it was.</summary>
public sealed class CudaLibraryException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The device has not the memory that is needed. Nothing stays allocated.</summary>
public sealed class CudaMemoryException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// The device's context is broken, by an illegal access, an uncorrectable memory error or the like: every later call of this process fails
/// too, and only a new process gets the device back.
/// </summary>
public class CudaDeviceLostException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>What was launched has not ended within its deadline. Nobody can end it but the process's own end.</summary>
public sealed class CudaHungException(string message) : CudaDeviceLostException(message);
