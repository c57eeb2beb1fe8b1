namespace ActorInference.Roles.Configuration;

/// <summary>A model divided over processes of one host: the section <c>actor-inference.tensor-parallel</c>.</summary>
/// <param name="Ranks">Processes that compute together for each worker; 1 is one by itself.</param>
/// <param name="StartDeadline">For a rank to load its part of the model.</param>
/// <param name="StepDeadline">How long a rank is waited for within a step, before it counts as hung.</param>
public sealed record TensorParallelSettings(int Ranks, TimeSpan StartDeadline, TimeSpan StepDeadline)
{
    internal static TensorParallelSettings Read(ConfigSection section)
    {
        var settings = new TensorParallelSettings(
            section.Integer("ranks", min: 1), section.Duration("start-deadline"), section.Duration("step-deadline"));
        section.CheckNoOthers();
        return settings;
    }
}
