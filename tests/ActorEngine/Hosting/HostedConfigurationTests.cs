using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using Akka.Hosting;
using Akka.Serialization;
using Microsoft.Extensions.Configuration;
using HostLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ActorInference.ActorEngine.Tests.Hosting;

public sealed class HostedConfigurationTests
{
    [Fact]
    public async Task Configurations_stack_as_they_are_added()
    {
        await using var host = await TestHost.StartAsync(akka => akka
            .AddHocon("my { a = 1, b = 1, c = 1 }", HoconAddMode.Append)
            .AddHocon("my { b = 2, d = 2 }", HoconAddMode.Append)
            .AddHocon("my { c = 3 }", HoconAddMode.Prepend));

        var config = host.System.Settings.Config;
        Assert.Equal([1, 1, 3, 2], new[] { "my.a", "my.b", "my.c", "my.d" }.Select(path => config.GetInt(path)));
    }

    [Fact]
    public async Task The_settings_of_the_host_become_hocon()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Akka:Actor:Ask_Timeout"] = "7s",
            ["Akka:My:List:0"] = "one, two",
            ["Akka:My:List:1"] = "three",
            ["Akka:My:Count"] = "5",
        }).Build();

        await using var host = await TestHost.StartAsync(akka => akka.AddHocon(settings.GetSection("Akka"), HoconAddMode.Prepend));

        Assert.Equal(TimeSpan.FromSeconds(7), host.System.Settings.AskTimeout);
        Assert.Equal(["one, two", "three"], host.System.Settings.Config.GetStringList("akka.my.list"));
        Assert.Equal(5, host.System.Settings.Config.GetInt("akka.my.count"));
    }

    [Fact]
    public async Task A_file_is_read()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(path, "my.a = 5   # five");
        try
        {
            await using var host = await TestHost.StartAsync(akka => akka.AddHoconFile(path, HoconAddMode.Append));

            Assert.Equal(5, host.System.Settings.Config.GetInt("my.a"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_file_that_is_missing_fails_the_start() =>
        await Assert.ThrowsAnyAsync<IOException>(() => TestHost.StartAsync(akka => akka.AddHoconFile("no/such/file.conf", HoconAddMode.Append)));

    [Fact]
    public async Task Setups_reach_the_system()
    {
        await using var host = await TestHost.StartAsync(akka => akka
            .AddSetup(new ModelSetup("demo"))
            .WithActorAskTimeout(TimeSpan.FromSeconds(3))
            .WithActorRefProvider(ProviderSelection.Local.Instance));

        Assert.Equal("demo", host.System.Settings.Setup.Get<ModelSetup>().Value.Name);
        Assert.Equal(TimeSpan.FromSeconds(3), host.System.Settings.AskTimeout);
    }

    [Fact]
    public async Task Extensions_start_with_the_system()
    {
        await using var host = await TestHost.StartAsync(akka => akka.WithExtensions(typeof(CounterProvider)));

        Assert.True(host.System.HasExtension<Counter>());
    }

    [Fact]
    public async Task A_serializer_is_used_for_the_types_that_it_is_bound_to()
    {
        await using var host = await TestHost.StartAsync(akka => akka.WithCustomSerializer("words", [typeof(Word)], system => new WordSerializer(system)));

        var serializer = host.System.Serialization.FindSerializerFor(new Word("x"));

        Assert.IsType<WordSerializer>(serializer);
        var again = host.System.Serialization.Deserialize(serializer.ToBinary(new Word("hello")), serializer.Identifier, typeof(Word));
        Assert.Equal(new Word("hello"), again);
    }

    [Fact]
    public async Task The_log_goes_to_the_log_of_the_host()
    {
        await using var host = await TestHost.StartAsync(akka => akka.ConfigureLoggers(loggers =>
        {
            loggers.LogLevel = LogLevel.InfoLevel;
            loggers.ClearLoggers();
            loggers.AddLoggerFactory();
        }));
        var cause = new InvalidOperationException("cause");

        host.System.Log.Debug("below the level");
        host.System.Log.Info("model {0} loaded", "demo");
        host.System.Log.Error(cause, "worker lost");

        // Lines arrive in the order in which they were written.
        Assert.True(
            SpinWait.SpinUntil(() => host.Log.Any(line => line.Text.Contains("worker lost", StringComparison.Ordinal)), TimeSpan.FromSeconds(60)));
        var mine = host.Log.Where(line => line.Category.StartsWith("Akka", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(mine, line => line.Text.Contains("below the level", StringComparison.Ordinal));
        Assert.Contains(mine, line => line.Level == HostLogLevel.Information && line.Text.Contains("model demo loaded", StringComparison.Ordinal));
        Assert.Contains(mine, line => line.Level == HostLogLevel.Error && line.Cause == cause);
    }

    [Fact]
    public async Task Logging_options_become_settings()
    {
        await using var host = await TestHost.StartAsync(akka => akka.ConfigureLoggers(loggers =>
        {
            loggers.LogLevel = LogLevel.ErrorLevel;
            loggers.DeadLetterOptions = new DeadLetterOptions { ShouldLog = TriStateValue.Some, LogCount = 3, LogDuringShutdown = true };
            loggers.DebugOptions = new DebugOptions { Unhandled = true };
        }));

        var settings = host.System.Settings;
        Assert.Equal(3, settings.LogDeadLetters);
        Assert.True(settings.LogDeadLettersDuringShutdown);
        Assert.True(settings.DebugUnhandledMessage);
        Assert.False(settings.DebugLifecycle);
    }

    private sealed class ModelSetup(string name) : Setup
    {
        public string Name { get; } = name;
    }

    public sealed class Counter : IExtension;

    public sealed class CounterProvider : ExtensionIdProvider<Counter>
    {
        public override Counter CreateExtension(ExtendedActorSystem system) => new();
    }

    private sealed record Word(string Text);

    private sealed class WordSerializer(ExtendedActorSystem system) : Serializer(system)
    {
        public override int Identifier => 4999;

        public override bool IncludeManifest => true;

        public override byte[] ToBinary(object obj) => System.Text.Encoding.UTF8.GetBytes(((Word)obj).Text);

        public override object FromBinary(byte[] bytes, Type type) => new Word(System.Text.Encoding.UTF8.GetString(bytes));
    }
}
