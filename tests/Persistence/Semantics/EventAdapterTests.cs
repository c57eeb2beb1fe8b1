using Akka.Actor;
using Akka.Hosting;
using Akka.Persistence;
using Akka.Persistence.Hosting;
using Akka.Persistence.Journal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Persistence.Tests.Semantics;

public sealed class EventAdapterTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Adapters_turn_events_on_the_way_in_and_out()
    {
        using var host = Host(builder => builder
            .WithInMemoryJournal(journal => journal.AddEventAdapter<Doubler>("doubler", [typeof(Meters), typeof(Feet)]))
            .WithInMemorySnapshotStore());
        await host.StartAsync();
        var system = host.Services.GetRequiredService<ActorSystem>();

        var first = system.ActorOf(Props.Create(() => new Tape("tape")));
        Assert.Equal([new Meters(2)], await first.Ask<object[]>(new Meters(2), Deadline));
        await first.GracefulStop(Deadline);
        var second = system.ActorOf(Props.Create(() => new Tape("tape")));

        // Written as feet, and read as twice the same length in two halves.
        Assert.Equal([new Meters(2), new Meters(2), new Meters(1)], await second.Ask<object[]>(new Meters(1), Deadline));
        await host.StopAsync();
    }

    [Fact]
    public async Task Tags_do_not_show_in_a_replay()
    {
        using var host = Host(builder => builder
            .WithInMemoryJournal(journal => journal.AddWriteEventAdapter<Tagger>("tagger", [typeof(Meters)]))
            .WithInMemorySnapshotStore());
        await host.StartAsync();
        var system = host.Services.GetRequiredService<ActorSystem>();

        var first = system.ActorOf(Props.Create(() => new Tape("tagged")));
        await first.Ask<object[]>(new Meters(2), Deadline);
        await first.GracefulStop(Deadline);
        var second = system.ActorOf(Props.Create(() => new Tape("tagged")));

        Assert.Equal([new Meters(2), new Meters(3)], await second.Ask<object[]>(new Meters(3), Deadline));
        await host.StopAsync();
    }

    private static IHost Host(Action<AkkaConfigurationBuilder> configure) => new HostBuilder()
        .ConfigureServices(services => services.AddAkka("adapters", builder => configure(builder)))
        .Build();

    public sealed record Meters(int Length);

    public sealed record Feet(int Length);

    public sealed class Doubler : IEventAdapter
    {
        public string Manifest(object evt) => "in feet";

        public object ToJournal(object evt) => new Feet(((Meters)evt).Length);

        public IEventSequence FromJournal(object evt, string manifest)
        {
            var feet = (Feet)evt;
            return manifest == "in feet" ? EventSequence.Create(new Meters(feet.Length), new Meters(feet.Length)) : EventSequence.Empty;
        }
    }

    public sealed class Tagger : IWriteEventAdapter
    {
        public string Manifest(object evt) => "";

        public object ToJournal(object evt) => new Tagged(evt, ["length", "metric"]);
    }

    private sealed class Tape : ReceivePersistentActor
    {
        private readonly List<object> _seen = [];

        public Tape(string persistenceId)
        {
            PersistenceId = persistenceId;
            Recover<Meters>(_seen.Add);
            Recover<Feet>(_seen.Add);
            Command<Meters>(meters => Persist(meters, m =>
            {
                _seen.Add(m);
                Sender.Tell(_seen.ToArray());
            }));
        }

        public override string PersistenceId { get; }
    }
}
