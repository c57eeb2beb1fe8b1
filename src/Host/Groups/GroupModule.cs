using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorInference.Roles.Groups.Control;
using ActorInference.Roles.Groups.Objects;
using ActorInference.Roles.Groups.Spec;
using Akka.Actor;
using Akka.Http.Dsl;
using Ceen;

namespace ActorInference.Host.Groups;

/// <summary>Answers the routes of groups: 200 with what was asked, 404 for an unknown route or name, 422 with all errors, 503 if an actor is silent.</summary>
internal sealed class GroupModule : HttpModuleBase
{
    private const int DefaultLogLines = 100;

    public override async Task<bool> HandleAsync(IAkkaHttpContext httpContext)
    {
        var (request, response) = (httpContext.HttpContext.Request, httpContext.HttpContext.Response);
        response.SetNonCacheable();
        try
        {
            var regions = ControlHosting.FindRegions(httpContext.ActorSystem) ?? throw new GroupRefusedException("This node has no groups; expected one begun by 'agent'.");
            var service = new GroupService(httpContext.ActorSystem, regions);
            if (await AnswerAsync(service, new ObjectService(regions), regions, request).ConfigureAwait(false) is { } body)
            {
                await response.WriteAllAsync(body.Text, Encoding.UTF8, body.ContentType).ConfigureAwait(false);
                return true;
            }

            await RefuseAsync(response, HttpStatusCode.NotFound, [$"{request.Method} {request.Path} is no route of groups."]).ConfigureAwait(false);
        }
        catch (GroupRefusedException refused)
        {
            await RefuseAsync(response, refused.IsMissing ? HttpStatusCode.NotFound : (HttpStatusCode)422, refused.Errors).ConfigureAwait(false);
        }
        catch (AskTimeoutException late)
        {
            await RefuseAsync(response, HttpStatusCode.ServiceUnavailable, [late.Message]).ConfigureAwait(false);
        }

        return true;
    }

    private static async Task<Body?> AnswerAsync(GroupService service, ObjectService objects, ControlRegions regions, IHttpRequest request)
    {
        var parts = request.Path.Trim('/').Split('/').Select(Uri.UnescapeDataString).ToArray();
        if (parts is ["objects", var kind, ..]) return await AnswerAsync(objects, ObjectService.ParseKind(kind), parts[2..], request).ConfigureAwait(false);
        if (request.Method == "POST" && parts is ["groups"] or ["manifests", ..]) return await AnswerAsync(new ManifestService(regions), parts, request).ConfigureAwait(false);
        if (parts is ["policies", ..]) return await AnswerAsync(new PolicyService(regions), parts[1..], request).ConfigureAwait(false);
        return (request.Method, parts) switch
        {
            ("GET", ["agents"]) => Json(await service.AgentsAsync().ConfigureAwait(false), GroupJson.Default.AgentListBody),
            ("GET", ["groups"]) => Json(await service.ListAsync().ConfigureAwait(false), GroupJson.Default.GroupListBody),
            ("GET", ["groups", var group]) => Json(await service.FindAsync(group).ConfigureAwait(false), GroupJson.Default.GroupBody),
            ("DELETE", ["groups", var group]) => Applied(await service.DeleteAsync(group).ConfigureAwait(false)),
            ("GET", ["groups", var group, "yaml"]) => new Body(await service.YamlAsync(group).ConfigureAwait(false), "application/yaml; charset=utf-8"),
            ("POST", ["groups", var group, "scale"]) => await ScaleAsync(service, group, request).ConfigureAwait(false),
            ("GET", ["groups", var group, "rollout"]) => Json(await service.HistoryAsync(group).ConfigureAwait(false), GroupJson.Default.HistoryBody),
            ("POST", ["groups", var group, "rollout", var verb]) =>
                Applied(await service.RolloutAsync(group, verb, await ReadAsync(request, GroupJson.Default.RolloutBody).ConfigureAwait(false)).ConfigureAwait(false)),
            ("GET", ["groups", var group, "instances", var instance, "log"]) =>
                Json(await service.LogAsync(group, instance, Number(request, "offset"), (int)(Number(request, "lines") ?? DefaultLogLines)).ConfigureAwait(false), GroupJson.Default.LogBody),
            ("POST", ["groups", var group, "instances", var instance, "exec"]) =>
                Json(await service.ExecAsync(group, instance, await ReadAsync(request, GroupJson.Default.ExecBody).ConfigureAwait(false)).ConfigureAwait(false), GroupJson.Default.ExecEndedBody),
            _ => null,
        };
    }

    /// <summary>One text at <c>/groups</c>; several files at <c>/manifests/apply</c> and <c>/manifests/delete</c>.</summary>
    private static async Task<Body?> AnswerAsync(ManifestService service, string[] parts, IHttpRequest request)
    {
        if (parts is not (["groups"] or ["manifests", "apply" or "delete"])) return null;
        IReadOnlyList<SpecSource> sources = parts.Length == 1
            ? [new SpecSource("", await TextAsync(request).ConfigureAwait(false))]
            : [.. ((await ReadAsync(request, GroupJson.Default.ManifestsBody).ConfigureAwait(false)).Files ?? []).Select(file => new SpecSource(file.Name, file.Text))];
        if (sources.Count == 0) throw new GroupRefusedException("files is empty; expected at least one with name and text.");
        var applied = parts is [.., "delete"] ? service.DeleteAsync(sources) : service.ApplyAsync(sources, Flag(request, "dry_run"));
        return Json(await applied.ConfigureAwait(false), GroupJson.Default.AppliedBody);
    }

    private static async Task<Body?> AnswerAsync(ObjectService service, ObjectKind kind, string[] rest, IHttpRequest request) => (request.Method, rest) switch
    {
        ("GET", []) => Json(await service.ListAsync(kind).ConfigureAwait(false), GroupJson.Default.ObjectListBody),
        ("GET", [var name]) => Json(await service.FindAsync(kind, name).ConfigureAwait(false), GroupJson.Default.ObjectBody),
        ("DELETE", [var name]) => Applied(await service.DeleteAsync(kind, name).ConfigureAwait(false)),
        ("GET", [var name, "yaml"]) => new Body(await service.YamlAsync(kind, name).ConfigureAwait(false), "application/yaml; charset=utf-8"),
        ("POST", [var name, "scale"]) =>
            Applied(await service.ScaleAsync(kind, name, (await ReadAsync(request, GroupJson.Default.ScaleBody).ConfigureAwait(false)).Replicas).ConfigureAwait(false)),
        _ => null,
    };

    private static async Task<Body?> AnswerAsync(PolicyService service, string[] rest, IHttpRequest request) => (request.Method, rest) switch
    {
        ("GET", []) => Json(await service.ListAsync().ConfigureAwait(false), GroupJson.Default.PolicyListBody),
        ("GET", [var name]) => Json(await service.FindAsync(name).ConfigureAwait(false), GroupJson.Default.PolicyBody),
        ("DELETE", [var name]) => Applied(await service.DeleteAsync(name).ConfigureAwait(false)),
        ("GET", [var name, "yaml"]) => new Body(await service.YamlAsync(name).ConfigureAwait(false), "application/yaml; charset=utf-8"),
        _ => null,
    };

    private static async Task<Body> ScaleAsync(GroupService service, string group, IHttpRequest request)
    {
        var scale = await ReadAsync(request, GroupJson.Default.ScaleBody).ConfigureAwait(false);
        return Applied(await service.ScaleAsync(group, scale.Role, scale.Replicas).ConfigureAwait(false));
    }

    private static async Task<T> ReadAsync<T>(IHttpRequest request, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(await TextAsync(request).ConfigureAwait(false), type) ?? throw new GroupRefusedException("The body is null; expected an object.");
        }
        catch (JsonException wrong)
        {
            throw new GroupRefusedException($"The body is no {typeof(T).Name}: {wrong.Message}");
        }
    }

    private static async Task<string> TextAsync(IHttpRequest request)
    {
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync().ConfigureAwait(false);
    }

    private static bool Flag(IHttpRequest request, string name) => request.QueryString.TryGetValue(name, out var text) && text == "true";

    private static long? Number(IHttpRequest request, string name)
    {
        if (!request.QueryString.TryGetValue(name, out var text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new GroupRefusedException($"{name} is '{text}'; expected a whole number of at least 0.");
    }

    private static Body Applied(AppliedItem item) => Json(new AppliedBody([item], []), GroupJson.Default.AppliedBody);

    private static Body Json<T>(T value, JsonTypeInfo<T> type) => new(JsonSerializer.Serialize(value, type), "application/json; charset=utf-8");

    private static async Task RefuseAsync(IHttpResponse response, HttpStatusCode status, IReadOnlyList<string> errors)
    {
        response.StatusCode = status;
        await response.WriteAllJsonAsync(JsonSerializer.Serialize(new RefusedBody(errors), GroupJson.Default.RefusedBody)).ConfigureAwait(false);
    }

    private sealed record Body(string Text, string ContentType);
}
