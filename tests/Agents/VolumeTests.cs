using ActorInference.Roles.Agents;

namespace ActorInference.Agents.Tests;

/// <summary>Folders that processes share, and that outlive them.</summary>
public sealed class VolumeTests
{
    private const string Staying = "; trap 'exit 0' TERM; while true; do sleep 0.05; done";

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Containers_of_a_pod_share_its_empty_volume_which_goes_with_the_last_of_them(bool inMemory)
    {
        await using var agent = Begin();
        Skip.If(inMemory && !Directory.Exists("/dev/shm"), "There is no /dev/shm here.");
        var volume = new VolumeMount("work", null, inMemory, "/work");
        agent.Run(Container("a", "echo written by a >$0/main; cat $0/init" + Staying, "/work", volume) with { Init = [Container("a", "echo init >$0/init", "/work", volume) with { Step = "first" }] });
        agent.Run(Container("a.side", "while ! cat $0/inner/main; do sleep 0.05; done" + Staying, "/shared", volume with { MountPath = "/shared", SubPath = "$(PART)" }) with
        {
            Pod = "a",
            Environment = [new Variable("PART", "part")],
        });
        agent.Run(Container("b", "ls -A $0; echo listed" + Staying, "/work", volume));
        await agent.UntilReadyAsync("a");
        await agent.UntilReadyAsync("a.side");

        await agent.UntilSaidAsync("a", "init");
        var folder = new VolumeFolders(agent.Options.Data).Of(volume, "a", new Dictionary<string, string>());
        Directory.CreateDirectory(Path.Combine(folder, "part", "inner"));
        File.Move(Path.Combine(folder, "main"), Path.Combine(folder, "part", "inner", "main"));
        await agent.UntilSaidAsync("a.side", "written by a");
        await agent.UntilSaidAsync("b", "listed");
        Assert.DoesNotContain("init", agent.LogOf("b"));

        await RemoveAsync(agent, "a");
        Assert.True(File.Exists(Path.Combine(folder, "init")), "One of its containers is left.");
        await RemoveAsync(agent, "a.side");
        Assert.False(Directory.Exists(folder));
        await RemoveAsync(agent, "b");
    }

    [SkippableFact]
    public async Task The_empty_volume_of_containers_that_go_at_once_goes_with_them()
    {
        await using var agent = Begin();
        var volume = new VolumeMount("work", null, InMemory: false, "/work");
        string[] containers = ["a", "a.side", "a.other"];
        foreach (var name in containers) agent.Run(Container(name, "touch $0/$$$$" + Staying, "/work", volume) with { Pod = "a" });
        foreach (var name in containers) await agent.UntilReadyAsync(name);
        var folder = new VolumeFolders(agent.Options.Data).Of(volume, "a", new Dictionary<string, string>());
        Assert.True(Directory.Exists(folder));

        foreach (var name in containers) agent.Tell(new AgentProtocol.Remove(name, $"owner-of-{name}"));
        foreach (var name in containers) await agent.UntilRemovedAsync(name);

        Assert.False(Directory.Exists(folder));
    }

    [SkippableFact]
    public async Task What_is_claimed_outlives_the_instance_and_is_the_same_for_all_who_claim_it()
    {
        await using var agent = Begin();
        var claim = new VolumeMount("weights", null, InMemory: false, "/weights") { Claim = "models" };
        agent.Run(Container("a", "echo of a >$0/file" + Staying, "/weights", claim));
        var own = claim with { SubPath = "$(POD_NAME)" };
        agent.Run(Container("b", "echo of b >$0/file" + Staying, "/weights", own));
        var claimed = Path.Combine(agent.Options.Data, "claims", "models");
        await Deadline.UntilAsync(() => File.Exists(Path.Combine(claimed, "file")) && File.Exists(Path.Combine(claimed, "b", "file")), () => "both have written");

        await RemoveAsync(agent, "a");
        await RemoveAsync(agent, "b");
        agent.Run(Container("b", "cat $0/file" + Staying, "/weights", own));
        agent.Run(Container("c", "cat $0/file" + Staying, "/weights", claim));

        await agent.UntilSaidAsync("b", "of b");
        await agent.UntilSaidAsync("c", "of a");
    }

    private static InstanceLaunch Container(string name, string script, string argument, VolumeMount volume) => TestAgent.Script(name, script) with { Args = [script, argument], Volumes = [volume] };

    private static async Task RemoveAsync(TestAgent agent, string instance)
    {
        agent.Tell(new AgentProtocol.Remove(instance, $"owner-of-{instance}"));
        await agent.UntilRemovedAsync(instance);
    }

    private static TestAgent Begin()
    {
        Skip.IfNot(Directory.Exists("/proc/self") && File.Exists("/usr/bin/setsid"), "Agents keep processes with setsid and /proc.");
        var agent = new TestAgent();
        agent.Start();
        return agent;
    }
}
