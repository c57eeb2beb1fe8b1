using Akka.Actor;
using Akka.Hosting;
using Akka.Persistence.Hosting;
using Akka.Persistence.Sql.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorInference.Persistence.Tests.Sql;

/// <summary>An actor system that persists to a database, as one node of several, or one after another.</summary>
internal sealed class SqlSystem : IAsyncDisposable
{
    private readonly IHost _host;

    private SqlSystem(IHost host) => _host = host;

    public ActorSystem Actors => _host.Services.GetRequiredService<ActorSystem>();

    public static async Task<SqlSystem> Start(
        string connectionString, string providerName, Action<AkkaPersistenceJournalBuilder>? adapters = null, string hocon = "",
        string identifier = "sql")
    {
        var host = new HostBuilder().ConfigureServices(services => services.AddAkka("sql", builder => builder
            .AddHocon("akka.loglevel = OFF\nakka.stdout-loglevel = OFF\n" + hocon, HoconAddMode.Prepend)
            .WithSqlPersistence(
                connectionString, providerName, journalBuilder: adapters, pluginIdentifier: identifier, isDefaultPlugin: identifier == "sql"))).Build();
        await host.StartAsync();
        return new SqlSystem(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
