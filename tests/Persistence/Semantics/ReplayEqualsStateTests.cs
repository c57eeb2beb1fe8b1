using Akka.TestKit.Xunit2;

namespace ActorInference.Persistence.Tests.Semantics;

/// <summary>Property: whatever is done to an actor, and however often it fails or restarts, its replay gives its state.</summary>
public sealed class ReplayEqualsStateTests() : TestKit(TestSettings.InMemory + "\nakka.loglevel = OFF\nakka.stdout-loglevel = OFF")
{
    private const int Steps = 200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20_260_101)]
    public async Task Replay_equals_state(int seed)
    {
        var model = new LedgerModel("random", seed);
        model.Start(Sys);
        for (var step = 0; step < Steps; step++)
        {
            try
            {
                await model.Step();
                if (step % 10 == 9) await model.Check();
            }
            catch (Exception e)
            {
                throw new Exception($"Seed {seed}, step {step}: {e.Message}", e);
            }
        }

        await model.Check();
    }
}
