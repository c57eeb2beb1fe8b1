using System.Collections.Immutable;
using System.Globalization;
using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

public sealed class StartingShareTests
{
    /// <summary>It begins a child, says which, and waits for it.</summary>
    private const string Parent = "sleep 600 & echo $! >child.new; mv child.new child; wait";

    [SkippableFact]
    public async Task A_process_takes_a_small_share_of_the_processors_until_it_is_ready()
    {
        await using var agent = Begin(StartingShare.DefaultNice);
        agent.Run(TestAgent.Script("a", Parent) with
        {
            Readiness = new ProbeSpec(ProbeAction.Exec("test", "-e", "well")) { Period = TimeSpan.FromMilliseconds(100), Timeout = Deadline.Limit },
        });
        var processes = await ProcessesAsync(agent);
        var before = SharesOf(processes);
        Skip.If(before.All(nice => nice == 0), "the kernel has no autogroups, and without CAP_SYS_NICE a nice value cannot be set back");
        Assert.Contains(StartingShare.DefaultNice, before);

        await File.WriteAllTextAsync(Path.Combine(agent.Options.FolderOf("a").Data, "well"), "");
        await agent.UntilReadyAsync("a");

        await Deadline.UntilAsync(() => SharesOf(processes).All(nice => nice == 0), () => $"all have their full share: {string.Join(", ", SharesOf(processes))}");
    }

    [SkippableFact]
    public async Task A_process_that_ends_gives_its_share_back()
    {
        await using var agent = Begin(0);
        agent.Run(TestAgent.Script("a", Parent));
        var process = (await ProcessesAsync(agent))[..1];
        Assert.All(SharesOf(process), nice => Assert.Equal(0, nice));

        Assert.True(new StartingShare(StartingShare.DefaultNice).Take(new ProcessIdentity(process[0], StartTicks: 0)));

        Assert.All(SharesOf(process), nice => Assert.Equal(StartingShare.DefaultNice, nice));
    }

    [SkippableFact]
    public async Task An_agent_may_give_full_shares_from_the_beginning()
    {
        await using var agent = Begin(0);
        agent.Run(TestAgent.Script("a", Parent) with { Readiness = new ProbeSpec(ProbeAction.Exec("false")) });

        Assert.All(SharesOf(await ProcessesAsync(agent)), nice => Assert.Equal(0, nice));
    }

    private static TestAgent Begin(int nice)
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        var agent = new TestAgent { StartNice = nice };
        agent.Start();
        return agent;
    }

    /// <summary>The instance's process and the one that it began.</summary>
    private static async Task<int[]> ProcessesAsync(TestAgent agent)
    {
        var child = Path.Combine(agent.Options.FolderOf("a").Data, "child");
        await Deadline.UntilAsync(() => File.Exists(child), () => "it has begun its child");
        var report = await agent.UntilAsync("a", report => report.ProcessId > 0, "has begun");
        return [report.ProcessId, int.Parse(await File.ReadAllTextAsync(child), CultureInfo.InvariantCulture)];
    }

    /// <summary>Nice values of processes, and of their autogroups where there are those.</summary>
    private static ImmutableArray<int> SharesOf(int[] processes)
    {
        var shares = ImmutableArray.CreateBuilder<int>();
        foreach (var process in processes)
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            shares.Add(Number(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16]));
            var group = $"/proc/{process}/autogroup";
            if (File.Exists(group) && File.ReadAllText(group).TrimEnd() is { Length: > 0 } line) shares.Add(Number(line[(line.LastIndexOf(' ') + 1)..]));
        }

        return shares.ToImmutable();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
