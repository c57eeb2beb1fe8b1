using ActorInference.Gpu.Workers;

namespace ActorInference.Gpu.Tests.Workers;

public sealed class StepLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-steps-").FullName;

    private string Log => Path.Combine(_folder, "both-0" + StepLog.Extension);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Steps_are_read_as_they_were_noted_while_more_are()
    {
        Assert.Empty(StepLog.Read(Log));
        StepSpan[] steps = [new(1, 2, 3, 4, 0), new(long.MaxValue, 5, 6, 0, 512), new(7, 8, 9, 1, 1)];
        using var log = new StepLog(Log);
        for (var i = 0; i < steps.Length; i++)
        {
            log.Add(steps[i]);
            Assert.Equal(steps[..(i + 1)], StepLog.Read(Log));
        }

        Assert.Equal(32 * steps.Length, new FileInfo(Log).Length);
    }

    [Fact]
    public void A_worker_that_begins_again_goes_on_after_the_last_whole_step()
    {
        using (var log = new StepLog(Log)) log.Add(new StepSpan(1, 2, 3, 4, 5));
        File.AppendAllBytes(Log, new byte[7]);   // It died while it wrote.

        using (var log = new StepLog(Log)) log.Add(new StepSpan(6, 7, 8, 9, 10));

        Assert.Equal([new StepSpan(1, 2, 3, 4, 5), new StepSpan(6, 7, 8, 9, 10)], StepLog.Read(Log));
    }
}
