using ActorInference.Actors.Protocols;

namespace ActorInference.Roles.Router;

/// <summary>How much of one worker's prefix cache a router knows from the worker itself, and what it has asked. One question at a time; one that is not answered is asked again.</summary>
public sealed class LearnedPrefixes
{
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(2);

    private long _epoch;
    private long _version;
    private long _asOf;
    private TimeSpan? _askedAt;

    /// <param name="mark">What the worker last reported.</param>
    /// <returns>Null if there is nothing to ask, or an answer to wait for.</returns>
    public RouterProtocol.GetPrefixes? NextQuestion(RouterProtocol.PrefixMark mark, TimeSpan now)
    {
        if (mark.Epoch == _epoch && mark.Version <= _version) return null;
        if (_askedAt is { } asked && now - asked < AnswerDeadline) return null;
        _askedAt = now;
        return mark.Epoch == _epoch ? new RouterProtocol.GetPrefixes(_epoch, _version, _asOf) : new RouterProtocol.GetPrefixes(mark.Epoch, 0, 0);
    }

    /// <summary>Takes note of an answer, of which its names are to be noted elsewhere.</summary>
    /// <param name="isAnew">Whether it goes on from nothing.</param>
    /// <returns>False if it is no answer to what is known: it was late, and asked for again.</returns>
    public bool TryAccept(RouterProtocol.Prefixes answer, out bool isAnew)
    {
        isAnew = answer.IsAnew || answer.Since == 0;
        if (_askedAt is null || answer.Since != (answer.Epoch == _epoch ? _version : 0)) return false;
        _asOf = isAnew ? answer.Latest : Math.Max(_asOf, answer.Version);
        (_epoch, _version, _askedAt) = (answer.Epoch, answer.Version, null);
        return true;
    }
}
