using System.Collections.Immutable;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Remote;

namespace ActorInference.Roles.Workers;

/// <summary>
/// One generation of two tokens between two workers, the second of which needs the page that the first one's worker has sent. Too short to
/// fill a page, so no cache keeps anything of it. Tells its parent how it ended, and stops; then its pages are given back on both sides.
/// </summary>
internal sealed class RehearsalExchangeActor : ReceiveActor
{
    private const int NewTokens = 2;

    /// <summary>Every vocabulary has as many.</summary>
    private const int Tokens = 8;

    /// <summary>A connection that stood is gone, or none can be made.</summary>
    private static readonly Type[] Losses = [typeof(DisassociatedEvent), typeof(AssociationErrorEvent)];

    private readonly AttemptId _attempt = new(RequestId.New(), 0);
    private readonly IActorRef _prefill;
    private readonly IActorRef _decode;
    private readonly WorkerId _peer;
    private readonly ImmutableArray<int> _prompt;
    private bool _hasGrant;
    private bool _hasEnded;

    public RehearsalExchangeActor(IActorRef prefill, IActorRef decode, WorkerId peer, int pageSizeTokens)
    {
        (_prefill, _decode, _peer) = (prefill, decode, peer);
        _prompt = [.. Enumerable.Range(0, Math.Max(1, pageSizeTokens - NewTokens)).Select(i => i % Tokens)];
        Receive<GenerationProtocol.Granted>(Deliver);
        Receive<GenerationProtocol.TokenChosen>(Take);
        Receive<GenerationProtocol.Completed>(_ => End(null));
        Receive<GenerationProtocol.Refused>(refused => End(refused.Message));
        Receive<GenerationProtocol.Rejected>(rejected => End(rejected.Message));
        Receive<GenerationProtocol.Failed>(failed => End(failed.Message));
        Receive<GenerationProtocol.Lost>(lost => End(lost.Message));
        Receive<GenerationProtocol.Progressed>(_ => { });
        Receive<Terminated>(_ => End("it is gone"));
        Receive<DisassociatedEvent>(lost => EndIfOf(lost.RemoteAddress));
        Receive<AssociationErrorEvent>(failed => EndIfOf(failed.RemoteAddress));
    }

    public static Props Props(IActorRef prefill, IActorRef decode, WorkerId peer, int pageSizeTokens) =>
        Akka.Actor.Props.Create(() => new RehearsalExchangeActor(prefill, decode, peer, pageSizeTokens));

    protected override void PreStart()
    {
        foreach (var lost in Losses) Context.System.EventStream.Subscribe(Self, lost);
        Context.Watch(_prefill);
        Context.Watch(_decode);
        var sampling = new SamplingOptions { MaxNewTokens = NewTokens, Temperature = 0, IgnoreEos = true };
        _prefill.Tell(new PrefillProtocol.Start(_attempt, _prompt, [], sampling, PageTarget: null, Self));
        _decode.Tell(new DecodeProtocol.Reserve(_attempt, _prompt, [], sampling, Self));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _prefill.Tell(new WorkerProtocol.Cancel(_attempt));
        _decode.Tell(new WorkerProtocol.Cancel(_attempt));
        base.PostStop();
    }

    private void Deliver(GenerationProtocol.Granted granted)
    {
        if (_hasGrant) return;
        _hasGrant = true;
        _prefill.Tell(new PrefillProtocol.Deliver(_attempt, granted.PageTarget, granted.CachedPages));
    }

    /// <summary>The first comes from the prompt's worker, the second from the other.</summary>
    private void Take(GenerationProtocol.TokenChosen token)
    {
        if (token.Index + 1 >= NewTokens) End(null);
    }

    private void EndIfOf(Address peer)
    {
        if (_prefill.Path.Address.Equals(peer) || _decode.Path.Address.Equals(peer)) End($"{peer} cannot be reached");
    }

    private void End(string? failure)
    {
        if (_hasEnded) return;
        _hasEnded = true;
        Context.Parent.Tell(new Ended(_peer, failure));
        Context.Stop(Self);
    }

    /// <param name="Peer">With whom.</param>
    /// <param name="Failure">Null if the page has come, and was of use.</param>
    public sealed record Ended(WorkerId Peer, string? Failure);
}
