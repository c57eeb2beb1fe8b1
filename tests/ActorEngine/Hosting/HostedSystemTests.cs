using System.Collections.Concurrent;
using Akka;
using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit.TestActors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.ActorEngine.Tests.Hosting;

public sealed class HostedSystemTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Actors_start_with_the_host_and_startup_tasks_after_all_of_them()
    {
        var order = new ConcurrentQueue<string>();

        await using var host = await TestHost.StartAsync(akka => akka
            .AddStartup((_, _) => order.Enqueue("startup"))
            .WithActors((system, registry) =>
            {
                order.Enqueue("first");
                registry.Register<Echo>(system.ActorOf(Props.Create(() => new SimpleEchoActor()), "echo"));
            })
            .WithActors(async (_, registry) =>
            {
                order.Enqueue("second begins");
                Assert.Equal("hi", await registry.Get<Echo>().Ask<string>("hi", Limit));
                order.Enqueue("second ends");
            })
            .AddStartup(async (_, registry) =>
            {
                await registry.GetAsync<Echo>();
                order.Enqueue("last");
            }));

        Assert.Equal(["first", "second begins", "second ends", "startup", "last"], order);
        Assert.Equal("hosted", host.System.Name);
    }

    [Fact]
    public async Task The_end_of_the_host_is_a_coordinated_shutdown()
    {
        var host = await TestHost.StartAsync(_ => { });
        var system = host.System;
        CoordinatedShutdown.Reason? reason = null;
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceStop, "look", () =>
        {
            reason = CoordinatedShutdown.Get(system).ShutdownReason;
            return Task.FromResult(Done.Instance);
        });

        await host.StopAsync();

        Assert.IsType<CoordinatedShutdown.ClrExitReason>(reason);
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task The_end_of_the_system_ends_the_host()
    {
        await using var host = await TestHost.StartAsync(_ => { });
        var stopping = new TaskCompletionSource();
        using var registration = host.Get<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);

        await host.System.Terminate().WaitAsync(Limit);

        await stopping.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task An_actor_starter_that_throws_fails_the_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(akka =>
            akka.WithActors((ActorSystem _, IActorRegistry _) => throw new InvalidOperationException("no model"))));

        Assert.Equal("no model", error.Message);
    }

    [Fact]
    public async Task Services_reach_actors_by_type()
    {
        await using var host = await TestHost.StartAsync(
            akka => akka.WithActors((system, registry) => registry.Register<Echo>(system.ActorOf(Props.Create(() => new SimpleEchoActor())))),
            services => services.AddTransient<Client>());

        var client = host.Get<Client>();

        Assert.Equal("hello", await client.Echo.ActorRef.Ask<string>("hello", Limit));
        Assert.Same(client.Echo.ActorRef, await client.Echo.GetAsync());
        Assert.Throws<MissingActorRegistryEntryException>(() => host.Get<IRequiredActor<Client>>().ActorRef);
    }

    [Fact]
    public async Task Actors_take_services_and_arguments_in_their_constructors()
    {
        await using var host = await TestHost.StartAsync(
            akka => akka.WithActors((system, registry, resolver) =>
                registry.Register<Greeter>(system.ActorOf(resolver.Props<Greeter>("Ada"), "greeter"))),
            services => services.AddSingleton(new Greeting("Good day")));

        var greeter = await host.Get<IRequiredActor<Greeter>>().GetAsync();

        Assert.Equal("Good day, Ada", await greeter.Ask<string>("who", Limit));
    }

    private sealed class Echo;

    private sealed class Client(IRequiredActor<Echo> echo)
    {
        public IRequiredActor<Echo> Echo { get; } = echo;
    }

    private sealed record Greeting(string Text);

    private sealed class Greeter : ReceiveActor
    {
        public Greeter(Greeting greeting, string name) => ReceiveAny(_ => Sender.Tell($"{greeting.Text}, {name}"));
    }
}
