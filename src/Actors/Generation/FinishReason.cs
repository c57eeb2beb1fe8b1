namespace ActorInference.Actors.Generation;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>An end-of-sequence or stop token was chosen.</summary>
    Stop,

    /// <summary>MaxNewTokens or the model's context is used up.</summary>
    Length,

    /// <summary>The client or the operator cancelled it.</summary>
    Aborted,
}
