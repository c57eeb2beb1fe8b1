using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Tests.Testing;
using ActorInference.Roles.Composition;
using ActorInference.Roles.Configuration;

namespace ActorInference.Host.Tests.Cli;

/// <summary>The file of <c>--config</c>.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorinference-config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_goes_above_the_defaults_of_the_roles()
    {
        var path = Write("actor-inference { router.max-in-flight = 7, membership.join-deadline = 2m }");

        var config = NodeConfig.Read(path, NodeRoles.All);

        Assert.Equal(7, config.Settings.Router.MaxInFlight);
        Assert.Equal(TimeSpan.FromMinutes(2), config.Settings.Membership.JoinDeadline);
        Assert.Equal(NodeConfig.Read(null, NodeRoles.All).Settings.Gateway, config.Settings.Gateway);
        Assert.False(config.ChoosesPersistence);
    }

    [Fact]
    public void Settings_given_one_by_one_go_above_the_file_and_a_later_one_above_an_earlier()
    {
        var path = Write("actor-inference { router.max-in-flight = 7, cache.l2.ratio = 1 }");

        var config = NodeConfig.Read(path, NodeRoles.All, ["actor-inference.router.max-in-flight=8", "actor-inference.cache.l2.path=/dev/shm/a b/l2", "actor-inference.router.max-in-flight = 9"]);

        Assert.Equal(9, config.Settings.Router.MaxInFlight);
        Assert.Equal("/dev/shm/a b/l2", config.Settings.Tiers.HostPath);
        Assert.Equal(10, NodeConfig.Read(null, NodeRoles.All, ["actor-inference.router.max-in-flight=10"]).Settings.Router.MaxInFlight);
    }

    [Fact]
    public void A_setting_given_alone_that_is_not_known_is_named()
    {
        var error = Assert.Throws<UserErrorException>(() => NodeConfig.Read(null, NodeRoles.All, ["actor-inference.gatway.stall-deadline=3s"]));

        Assert.StartsWith("--set: actor-inference.gatway is not known; expected one of ", error.Message);
    }

    [Fact]
    public void The_file_of_each_role_can_be_read_and_only_adds_what_is_known()
    {
        foreach (var role in NodeRoles.All)
            Assert.Equal(InferenceSettings.Read(InferenceSettings.Reference), InferenceSettings.Read(InferenceSettings.DefaultsOf([role])));
    }

    [Theory]
    [InlineData("actor-inference.gatway.stall-deadline = 3s", "actor-inference.gatway is not known; expected one of ")]
    [InlineData("actor-inference.gateway.stall-deadline = soon", "actor-inference.gateway.stall-deadline is 'soon'; expected a duration such as 250ms, 15s or 2m.")]
    [InlineData("actor-inference.persistence.provider = postgresql", "actor-inference.persistence.connection-string is ''; expected how to reach the database, such as 'Host=db;")]
    [InlineData("actor-inference {", "")]
    public void A_wrong_file_is_named_with_key_value_and_what_was_expected(string text, string expected)
    {
        var path = Write(text);

        var error = Assert.Throws<UserErrorException>(() => NodeConfig.Read(path, NodeRoles.All));

        Assert.StartsWith($"{path}: {expected}", error.Message);
    }

    [Theory]
    [InlineData("up --prompt Hi")]
    [InlineData("node --role cache-master")]
    public async Task A_wrong_file_is_one_line_and_exit_code_2(string arguments)
    {
        var path = Write("actor-inference.router.worker-silence = never");

        var result = await Executable.RunAsync([.. arguments.Split(' '), "--config", path]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal($"actorinference: {path}: actor-inference.router.worker-silence is 'never'; expected a duration such as 250ms, 15s or 2m.\n", result.Error);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named()
    {
        var result = await Executable.RunAsync("up", "--prompt", "Hi", "--config", "/does/not/exist.conf");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("actorinference: --config is '/does/not/exist.conf'; expected a file that can be read: ", result.Error);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task A_setting_of_the_actor_system_that_is_wrong_names_the_file()
    {
        var path = Write("akka.cluster.split-brain-resolver.active-strategy = toss-a-coin");

        var result = await Executable.RunAsync("up", "--prompt", "Hi", "--config", path);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains($"actorinference: {path}: ", result.Error);
        Assert.Contains("toss-a-coin", result.Error);
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder, "node.conf");
        File.WriteAllText(path, text);
        return path;
    }
}
