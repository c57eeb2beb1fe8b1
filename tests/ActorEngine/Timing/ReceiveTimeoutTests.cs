using Akka.Actor;

namespace ActorInference.ActorEngine.Tests.Timing;

public sealed class ReceiveTimeoutTests : VirtualTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task It_comes_when_no_message_has_for_so_long()
    {
        await NewActor(Second);

        Clock.Advance(Second);

        ExpectMsg("timeout");
    }

    [Fact]
    public async Task A_message_puts_it_off()
    {
        var actor = await NewActor(2 * Second);

        for (var i = 0; i < 5; i++)
        {
            Clock.Advance(Second);
            actor.Tell("keep alive");
            await Settle(actor);
        }

        ExpectNoMsg(Brief);
        Clock.Advance(2 * Second);
        ExpectMsg("timeout");
    }

    [Fact]
    public async Task It_comes_again_as_long_as_it_is_set()
    {
        var actor = await NewActor(Second);

        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(Second);
            ExpectMsg("timeout");
            await Settle(actor);
        }
    }

    [Fact]
    public async Task It_does_not_come_once_it_is_unset()
    {
        var actor = await NewActor(Second);

        actor.Tell("unset");
        await Settle(actor);
        Clock.Advance(10 * Second);

        ExpectNoMsg(Brief);
    }

    [Fact]
    public async Task A_message_without_influence_does_not_put_it_off()
    {
        var actor = await NewActor(2 * Second);

        Clock.Advance(Second);
        actor.Tell(new Quiet());
        await Settle(actor);
        Clock.Advance(Second);

        ExpectMsg("timeout");
    }

    private async Task<IActorRef> NewActor(TimeSpan timeout)
    {
        var actor = Sys.ActorOf(Props.Create(() => new Sleepy(timeout, TestActor)));
        await Settle(actor);
        return actor;
    }

    private sealed record Quiet : INotInfluenceReceiveTimeout;

    private sealed class Sleepy : ReceiveActor
    {
        public Sleepy(TimeSpan timeout, IActorRef observer)
        {
            SetReceiveTimeout(timeout);
            Receive<ReceiveTimeout>(_ => observer.Tell("timeout"));
            Receive<string>(text =>
            {
                if (text == "unset") SetReceiveTimeout(null);
            });
            Receive<Quiet>(_ => { });
        }
    }
}
