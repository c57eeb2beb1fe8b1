using Akka.Actor;
using Akka.TestKit.Internal;

namespace Akka.TestKit.TestEvent;

/// <summary>Puts filters in place; published on the event stream.</summary>
public sealed class Mute(params EventFilterBase[] filters) : INoSerializationVerificationNeeded
{
    public IReadOnlyCollection<EventFilterBase> Filters { get; } = filters;
}

/// <summary>Takes filters away.</summary>
public sealed class Unmute(params EventFilterBase[] filters) : INoSerializationVerificationNeeded
{
    public IReadOnlyCollection<EventFilterBase> Filters { get; } = filters;
}

/// <summary>Completes when the listener has seen all that was published before it.</summary>
internal sealed class Flush : INoSerializationVerificationNeeded
{
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Seen => _seen.Task;

    public void Complete() => _seen.TrySetResult();
}
