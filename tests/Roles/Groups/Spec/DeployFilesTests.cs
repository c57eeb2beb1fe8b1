using ActorInference.Roles.Groups.Spec;
using ActorInference.Roles.Tests.Groups.Testing;

namespace ActorInference.Roles.Tests.Groups.Spec;

/// <summary>The specs that the project ships.</summary>
public sealed class DeployFilesTests
{
    /// <summary>deploy/groups of the repository.</summary>
    public static string Folder { get; } = FindFolder();

    [Theory]
    [InlineData("pd-with-cache.yaml", 9)]
    [InlineData("aggregated.yaml", 3)]
    [InlineData("leader-worker.yaml", 3)]
    [InlineData("coordinated-update.yaml", 11)]
    public void A_group_is_read_without_warnings_and_comes_up_whole(string name, int instances)
    {
        var file = SpecReader.Read(File.ReadAllText(Path.Combine(Folder, name)));
        var group = file.Documents.OfType<RoleBasedGroup>().Single();
        var simulation = new GroupSimulation(group, file.Documents.OfType<CoordinatedPolicy>().SingleOrDefault(), new Random(1));

        simulation.Settle();

        Assert.Empty(file.Warnings);
        Assert.Equal((instances, instances), (simulation.Instances.Count, simulation.Instances.Count(instance => instance.Ready)));
    }

    [Fact]
    public void The_five_roles_start_in_order()
    {
        var group = SpecReader.Read(File.ReadAllText(Path.Combine(Folder, "pd-with-cache.yaml"))).Documents.OfType<RoleBasedGroup>().Single();

        Assert.Equal([["cache-master"], ["cache-store", "decode", "prefill"], ["router"]], RoleOrder.Layers(group.Roles).Select(layer => layer.ToArray()));
        Assert.Equal([("router", 1), ("prefill", 2), ("decode", 2), ("cache-master", 1), ("cache-store", 3)], group.Roles.Select(role => (role.Name, role.Replicas)));
    }

    [Fact]
    public void The_warm_up_is_read()
    {
        var warmup = Assert.IsType<Warmup>(Assert.Single(SpecReader.Read(File.ReadAllText(Path.Combine(Folder, "warm-up.yaml"))).Documents));

        Assert.Equal(("pd", 2), (warmup.TargetGroup!.Name, warmup.Policies.Parallelism));
    }

    [Fact]
    public void Every_file_has_a_test()
    {
        Assert.Equal(
            ["aggregated.yaml", "coordinated-update.yaml", "leader-worker.yaml", "pd-with-cache.yaml", "warm-up.yaml"],
            Directory.EnumerateFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static string FindFolder()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "ActorInference.sln"))) return Path.Combine(folder, "deploy", "groups");
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} has ActorInference.sln.");
    }
}
