using Akka.Actor;

namespace Akka.Util;

/// <summary>What is written in place of an <see cref="ISurrogated"/>, and turns back into it on reading.</summary>
public interface ISurrogate
{
    ISurrogated FromSurrogate(ActorSystem system);
}

/// <summary>Something that travels as another object, because it belongs to one actor system.</summary>
public interface ISurrogated
{
    ISurrogate ToSurrogate(ActorSystem system);
}
