using ActorInference.Host.Http.OpenAi;
using ActorInference.Host.Http.Sglang;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;
using ActorInference.Host.Tracing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ActorInference.Host.Http;

/// <summary>The HTTP front: which path is answered by what.</summary>
public static class HttpApi
{
    private static readonly string[] PostOrPut = ["POST", "PUT"];
    private static readonly string[] GetOrPost = ["GET", "POST"];

    extension(IServiceCollection services)
    {
        /// <summary>Adds what the endpoints need, but for <see cref="ServedModel"/> and <see cref="ITokenGenerator"/>.</summary>
        public IServiceCollection AddHttpApi()
        {
            services.AddRoutingCore();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<Readiness>();
            services.AddSingleton<ActiveRequests>();
            services.AddSingleton<TextGeneration>();
            services.AddSingleton<ChatEndpoint>();
            services.AddSingleton<CompletionEndpoint>();
            services.AddSingleton<ModelsEndpoint>();
            services.AddSingleton<GenerateEndpoint>();
            services.AddSingleton<InfoEndpoints>();
            services.AddSingleton<TokenizeEndpoints>();
            services.AddSingleton<AbortEndpoint>();
            services.AddSingleton<FlushEndpoint>();
            return services;
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Maps all paths.</summary>
        public void MapHttpApi()
        {
            app.UseMiddleware<RequestTracing>();
            app.UseMiddleware<ApiErrors>();
            app.MapOpenAi();
            app.MapSglang();
        }

        private void MapOpenAi()
        {
            var models = app.Services.GetRequiredService<ModelsEndpoint>();
            app.MapPost("/v1/chat/completions", app.Services.GetRequiredService<ChatEndpoint>().HandleAsync).WithMetadata(GenerationRoute.Chat);
            app.MapPost("/v1/completions", app.Services.GetRequiredService<CompletionEndpoint>().HandleAsync).WithMetadata(GenerationRoute.TextCompletion);
            app.MapGet("/v1/models", models.ListAsync);
            app.MapGet("/v1/models/{**id}", models.GetAsync);
        }

        private void MapSglang()
        {
            var info = app.Services.GetRequiredService<InfoEndpoints>();
            var tokenize = app.Services.GetRequiredService<TokenizeEndpoints>();
            app.MapMethods("/generate", PostOrPut, app.Services.GetRequiredService<GenerateEndpoint>().HandleAsync).WithMetadata(GenerationRoute.TextCompletion);
            app.MapPost("/abort_request", app.Services.GetRequiredService<AbortEndpoint>().HandleAsync);
            app.MapMethods("/flush_cache", GetOrPost, app.Services.GetRequiredService<FlushEndpoint>().HandleAsync);
            app.MapGet("/", info.RootAsync);
            app.MapGet("/health", info.HealthAsync);
            app.MapGet("/health_generate", info.HealthGenerateAsync);
            foreach (var path in (string[])["/model_info", "/get_model_info"]) app.MapGet(path, info.ModelAsync);
            foreach (var path in (string[])["/server_info", "/get_server_info"]) app.MapGet(path, info.ServerAsync);
            foreach (var prefix in (string[])["", "/v1"])
            {
                app.MapPost(prefix + "/tokenize", tokenize.TokenizeAsync);
                app.MapPost(prefix + "/detokenize", tokenize.DetokenizeAsync);
            }
        }
    }
}
