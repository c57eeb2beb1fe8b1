using ActorInference.Host.Cli;
using ActorInference.Host.Composition;
using ActorInference.Host.Http;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using Akka.Actor;

namespace ActorInference.Host.Commands;

/// <summary>Loads the model, starts the actors, then serves or answers one prompt.</summary>
public static class Up
{
    public static async Task<int> RunAsync(UpOptions options)
    {
        if (options.Prompt is null) WebServer.CheckFree(options.Host, options.Port);
        using var operations = options.Prompt is null ? Operations.Reserve(options, Console.Error.WriteLine) : null;
        if (options.DataFolder is { } data) CreateData(data);
        using var signals = new SignalCancellation();
        using var model = LoadingBar.Show(options.ModelName, progress => LoadedModel.Load(options, progress));
        if (options.Prompt is { } prompt) await AnswerAsync(model, options, prompt, signals.Token);
        else await ServeAsync(model, options, operations!, signals.Token);
        return CommandLine.Success;
    }

    private static async Task AnswerAsync(LoadedModel model, UpOptions options, PromptOptions prompt, CancellationToken stop)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.LogToStderr(options.LogLevel);
        builder.Services.AddEmbeddedNode(model, options, _ => { });
        using var host = builder.Build();
        await host.StartAsync(stop);
        try
        {
            await host.Services.WaitUntilServingAsync(stop);
            var run = new PromptRun(model.Served, new TextGeneration(host.Services.GetRequiredService<ITokenGenerator>(), model.Served));
            await run.RunAsync(prompt, Console.Out, stop);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private static async Task ServeAsync(LoadedModel model, UpOptions options, Operations operations, CancellationToken stop)
    {
        var builder = WebServer.CreateBuilder(options.Host, options.Port, options.LogLevel);
        builder.Services.AddEmbeddedNode(model, options, operations.Configure);
        builder.Services.AddHttpApi();
        await using var app = builder.Build();
        app.MapHttpApi();
        await app.StartOrExplainAsync(options.Host, options.Port, stop);
        try
        {
            await app.Services.WaitUntilServingAsync(stop);
            var lines = await operations.StartAsync(app.Services.GetRequiredService<ActorSystem>(), app.Logger);
            Console.Out.WriteLine(ServeBanner.Of(model.Served, new Uri(app.Urls.Single()), lines));
            await app.WaitForShutdownAsync(stop);
        }
        finally
        {
            app.Services.GetRequiredService<Readiness>().IsReady = false;
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static void CreateData(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--data is '{folder}'; expected a folder that can be made and written: {cause.Message}", cause);
        }
    }
}
