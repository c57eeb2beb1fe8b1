using ActorInference.Actors.Ids;
using ActorInference.Actors.Protocols;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace ActorInference.Actors.Tests.Serialization;

/// <summary>References within messages, between two systems that have only a network in common.</summary>
public sealed class RemoteReferenceTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly AttemptId Attempt = new(RequestId.New(), 0);

    private readonly TestKit _here = Start("here");
    private readonly TestKit _there = Start("there");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_here.Sys.Terminate(), _there.Sys.Terminate()).WaitAsync(Patience);
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public void An_actor_that_a_message_names_can_be_answered()
    {
        var (target, receiver) = (_here.CreateTestProbe(), _there.CreateTestProbe());
        FromHere(receiver.Ref).Tell(new GenerationProtocol.Granted(Attempt, target.Ref), ActorRefs.NoSender);

        var granted = receiver.ExpectMsg<GenerationProtocol.Granted>(Patience);
        granted.PageTarget.Tell(new KvTransferProtocol.PagesLanded(7), receiver.Ref);

        Assert.Equal(new KvTransferProtocol.PagesLanded(7), target.ExpectMsg<KvTransferProtocol.PagesLanded>(Patience));
        Assert.Equal(Attempt, granted.Attempt);
    }

    [Fact]
    public void A_reference_that_comes_home_is_the_local_actor()
    {
        var (worker, home, away) = (_here.CreateTestProbe(), _here.CreateTestProbe(), _there.CreateTestProbe());
        var report = new RouterProtocol.WorkerReport(new WorkerId("prefill-0"), WorkerRole.Prefill, worker.Ref, 0, 0);
        FromHere(away.Ref).Tell(report, home.Ref);

        var arrived = away.ExpectMsg<RouterProtocol.WorkerReport>(Patience);
        var pair = new RouterProtocol.AssignedWorker(arrived.Worker, arrived.Actor);
        away.Reply(new RouterProtocol.Assigned(Attempt, pair, new RouterProtocol.AssignedWorker(new WorkerId("decode-0"), away.Ref)));
        var assigned = home.ExpectMsg<RouterProtocol.Assigned>(Patience);

        Assert.Equal(worker.Ref, assigned.Prefill.Actor);
        Assert.IsAssignableFrom<LocalActorRef>(assigned.Prefill.Actor);
        assigned.Decode.Actor.Tell(new RouterProtocol.Release(Attempt), home.Ref);
        Assert.Equal(new RouterProtocol.Release(Attempt), away.ExpectMsg<RouterProtocol.Release>(Patience));
    }

    /// <summary>An actor that lives there, as the system here would look for it.</summary>
    private ActorSelection FromHere(IActorRef actor)
    {
        var address = ((ExtendedActorSystem)_there.Sys).Provider.DefaultAddress;
        return _here.Sys.ActorSelection($"{address}{actor.Path.ToStringWithoutAddress()}");
    }

    private static TestKit Start(string name) => new(ActorSystem.Create(name, ConfigurationFactory.ParseString("""
        akka {
          actor.provider = remote
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]
          log-dead-letters = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          remote.dot-netty.tcp {
            hostname = "127.0.0.1"
            port = 0
          }
        }
        """).WithFallback(WireMessages.Reference)));
}
