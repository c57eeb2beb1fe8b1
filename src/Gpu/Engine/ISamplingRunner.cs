namespace ActorInference.Gpu.Engine;

/// <summary>
/// A runner that chooses tokens where the logits are, and takes a step while it computes another: the tokens that one chose are read when the
/// next is under way already, and may be that one's input.
/// </summary>
/// <remarks>At most two steps are under way. Those launched are waited for in their order.</remarks>
public interface ISamplingRunner : IModelRunner
{
    /// <summary>Begins a step and does not wait for it.</summary>
    /// <param name="batch">Unchanged until the step was waited for.</param>
    /// <exception cref="ArgumentException">As by <see cref="IModelRunner.Forward"/>; nothing was launched.</exception>
    void Launch(ForwardBatch batch);

    /// <summary>Waits for the oldest step that was launched. It is then the one whose tokens and, unless another was launched after it, logits are there.</summary>
    void Wait();

    /// <summary>The token that was chosen after one of the tokens of the step that was waited for last.</summary>
    /// <param name="index">Of a sequence with a <see cref="TokenChoice"/>.</param>
    /// <param name="nth">Which of its tokens that asked for logits.</param>
    /// <returns>-1 where no logit is a finite number that can be the largest.</returns>
    int Token(int index, int nth = 0);

    /// <summary>Returns when nothing that was launched uses pages any more; at once after a failure of the device. The steps are still to be waited for.</summary>
    void Finish();

    /// <summary>As <see cref="Finish"/>, and nobody is to wait for the steps.</summary>
    void Discard();
}
