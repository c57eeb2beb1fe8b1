namespace ActorInference.Gpu.Constraints;

/// <summary>A constraint is not well-formed, or asks for what is not supported. The message says where and what was expected.</summary>
public sealed class ConstraintFormatException(string message) : FormatException(message);
