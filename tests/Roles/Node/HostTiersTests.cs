using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Tests.Engine;
using ActorInference.Roles.Tests.Testing;

namespace ActorInference.Roles.Tests.Node;

/// <summary>The tiers of a process begin and end with its actors.</summary>
public sealed class HostTiersTests : IDisposable
{
    private const int Pages = 64;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"host-tier-{Guid.NewGuid():n}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Host_memory_is_freed_when_the_node_has_ended_and_the_next_finds_its_pages()
    {
        var settings = $"actor-inference.cache {{ l2 {{ pages = {Pages}, path = \"{_path}\" }}, prefetch.only-if-faster = off }}";
        await using (var node = new ScriptedNode(settings))
        {
            (await node.RunAsync(ScriptedNode.Request(ScriptedNode.Prompt(50), 10))).AssertIs(ScriptedNode.Request(ScriptedNode.Prompt(50), 10));
            Assert.Throws<IOException>(() => new HostMemory(node.Pool.Layout, Pages, _path));
        }

        await Deadline.UntilAsync(IsFree, () => "the file is free");
        await using var next = new ScriptedNode(settings);
        var again = await next.RunAsync(ScriptedNode.Request(ScriptedNode.Prompt(50), 10));

        Assert.All(again.Tokens, token => Assert.Equal((48, 48), (token.CachedTokens, token.Tiers.Host)));
    }

    private bool IsFree()
    {
        try
        {
            using var memory = new HostMemory(ScriptedRunner.Layout(4), Pages, _path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
