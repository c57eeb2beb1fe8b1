using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorInference.Host.Cli;
using ActorInference.Host.Commands;

namespace ActorInference.Host.Groups;

/// <summary>Asks a control node about groups, over its management routes.</summary>
public sealed class GroupClient : IDisposable
{
    /// <summary>Where the control node is, unless --server says so.</summary>
    public const string ServerVariable = "ACTORINFERENCE_SERVER";

    /// <summary>The longest that an answer may take, commands run in instances aside.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;

    /// <param name="server">Such as <c>http://127.0.0.1:8559</c>; null for the default.</param>
    public GroupClient(string? server = null)
    {
        var address = server ?? Environment.GetEnvironmentVariable(ServerVariable) ?? $"http://127.0.0.1:{AgentCommand.DefaultManagementPort}";
        if (!address.Contains("://", StringComparison.Ordinal)) address = "http://" + address;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)) throw new UserErrorException($"--server is '{address}'; expected an address such as http://127.0.0.1:{AgentCommand.DefaultManagementPort}.");
        _http = new HttpClient { BaseAddress = uri, Timeout = Timeout };
    }

    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken stop) => SendAsync(HttpMethod.Get, path, null, text => Read(text, type), stop);

    /// <returns>Null if there is nothing of the name.</returns>
    public Task<T?> FindAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken stop)
        where T : class =>
        SendAsync<T?>(HttpMethod.Get, path, null, text => Read(text, type), stop, _ => null);

    public Task<string> GetTextAsync(string path, CancellationToken stop) => SendAsync(HttpMethod.Get, path, null, text => text, stop);

    public Task<T> PostAsync<T>(string path, string body, JsonTypeInfo<T> type, CancellationToken stop) => SendAsync(HttpMethod.Post, path, body, text => Read(text, type), stop);

    /// <returns>What was deleted, or was not there.</returns>
    public Task<AppliedBody> DeleteAsync(string path, CancellationToken stop) =>
        SendAsync(HttpMethod.Delete, path, null, text => Read(text, GroupJson.Default.AppliedBody), stop, errors => new AppliedBody([], []) { Missing = errors });

    /// <summary>Says of names that there is nothing of them, as kubectl does.</summary>
    public static UserErrorException NotFound(params IReadOnlyList<string> messages) => new(messages.Select(message => $"Error from server (NotFound): {message}"));

    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, string? body, Func<string, T> read, CancellationToken stop, Func<IReadOnlyList<string>, T>? missing = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8);
        try
        {
            using var response = await _http.SendAsync(request, stop);
            var text = await response.Content.ReadAsStringAsync(stop);
            if (response.IsSuccessStatusCode) return read(text);
            var errors = Errors(text, response.ReasonPhrase ?? "");
            if (response.StatusCode != HttpStatusCode.NotFound) throw new UserErrorException(errors);
            return missing is null ? throw NotFound(errors) : missing(errors);
        }
        catch (HttpRequestException cause) when (cause.InnerException is SocketException)
        {
            throw new UserErrorException($"Nothing answers at {_http.BaseAddress}; expected an agent there, begun by 'actorinference agent', or another one named by --server.", cause);
        }
        catch (Exception cause) when (cause is HttpRequestException or JsonException)
        {
            throw new UserErrorException($"{_http.BaseAddress} does not answer as an agent does ({cause.Message}); expected one begun by 'actorinference agent'.", cause);
        }
    }

    private static T Read<T>(string text, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(text, type) ?? throw new JsonException("the answer is null");

    private static IReadOnlyList<string> Errors(string text, string reason)
    {
        try
        {
            return JsonSerializer.Deserialize(text, GroupJson.Default.RefusedBody)?.Errors is { Count: > 0 } errors ? errors : [reason];
        }
        catch (JsonException)
        {
            return [text.Length > 0 ? text : reason];
        }
    }
}
