namespace ActorInference.Gpu.Engine;

/// <summary>A runner that has parts elsewhere, which may be lost between two steps too.</summary>
public interface IRunnerWithParts : IModelRunner
{
    /// <summary>Ends when one is lost, with what is to be said of it; never if none ever is. From then on nothing is computed.</summary>
    Task<Exception> Lost { get; }
}
