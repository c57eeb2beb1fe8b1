using Akka.Hosting;

namespace ActorInference.ActorEngine.Tests.Hosting;

public sealed class ActorRegistryTests : EngineTest
{
    [Fact]
    public void A_registered_actor_is_found_by_its_type()
    {
        var registry = ActorRegistry.For(Sys);
        registry.Register<Router>(TestActor);

        Assert.Same(TestActor, registry.Get<Router>());
        Assert.True(registry.TryGet<Router>(out var found));
        Assert.Same(TestActor, found);
        Assert.True(registry.TryGet(typeof(Router), out _));
        Assert.Same(registry, ActorRegistry.For(Sys));
        Assert.Equal([new(typeof(Router), TestActor)], registry);
    }

    [Fact]
    public void A_type_stands_for_one_actor_unless_it_is_overwritten()
    {
        var registry = new ActorRegistry();
        registry.Register<Router>(TestActor);

        Assert.Throws<DuplicateActorRegistryException>(() => registry.Register<Router>(Sys.DeadLetters));
        Assert.False(registry.TryRegister<Router>(Sys.DeadLetters));
        Assert.Same(TestActor, registry.Get<Router>());

        registry.Register<Router>(Sys.DeadLetters, overwrite: true);
        Assert.Same(Sys.DeadLetters, registry.Get<Router>());
    }

    [Fact]
    public void An_actor_that_is_missing_is_an_error_or_a_no()
    {
        var registry = new ActorRegistry();

        Assert.Throws<MissingActorRegistryEntryException>(() => registry.Get<Router>());
        Assert.False(registry.TryGet<Router>(out _));
        Assert.Empty(registry);
    }

    [Fact]
    public async Task Waiting_for_an_actor_ends_when_it_is_registered()
    {
        var registry = new ActorRegistry();
        var waiting = registry.GetAsync<Router>();
        Assert.False(waiting.IsCompleted);
        Assert.Empty(registry);

        registry.Register<Router>(TestActor);

        Assert.Same(TestActor, await waiting.WaitAsync(RemainingOrDefault));
        Assert.Same(TestActor, await registry.GetAsync<Router>());
    }

    [Fact]
    public async Task Waiting_for_an_actor_can_be_given_up()
    {
        using var givenUp = new CancellationTokenSource();
        var waiting = new ActorRegistry().GetAsync<Router>(givenUp.Token);

        await givenUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(RemainingOrDefault));
    }

    private sealed class Router;
}
