namespace ActorInference.Actors.Protocols;

/// <summary>
/// A message that may travel to another process. The configuration binds it to <see cref="Serialization.InferenceSerializer"/>,
/// which must have a form for every type that says so.
/// </summary>
public interface IWireMessage;
