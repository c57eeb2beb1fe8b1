using System.Net;
using System.Text;
using Ceen;
using Microsoft.AspNetCore.Http;

namespace Akka.Http.Dsl;

/// <summary>A request of Kestrel's as modules see it.</summary>
internal sealed class KestrelContext(HttpContext http) : IHttpContext, IHttpRequest, IHttpResponse
{
    private Dictionary<string, string>? _query;
    private Dictionary<string, string>? _requestHeaders;

    public IHttpRequest Request => this;

    public IHttpResponse Response => this;

    public string Method => http.Request.Method;

    public string Path => http.Request.Path.Value ?? "/";

    public string RawQueryString => http.Request.QueryString.Value ?? "";

    public IDictionary<string, string> QueryString => _query ??= http.Request.Query.ToDictionary(
        pair => pair.Key, pair => pair.Value[^1] ?? "", StringComparer.OrdinalIgnoreCase);

    public EndPoint RemoteEndPoint => new IPEndPoint(http.Connection.RemoteIpAddress ?? IPAddress.None, http.Connection.RemotePort);

    public Stream Body => http.Request.Body;

    public int ContentLength => (int)(http.Request.ContentLength ?? -1);

    public Ceen.HttpStatusCode StatusCode
    {
        get => (Ceen.HttpStatusCode)http.Response.StatusCode;
        set => http.Response.StatusCode = (int)value;
    }

    public bool HasSentHeaders => http.Response.HasStarted;

    IDictionary<string, string> IHttpRequest.Headers => _requestHeaders ??= http.Request.Headers.ToDictionary(
        pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    /// <summary>A copy; fields are set by <see cref="AddHeader"/>.</summary>
    IDictionary<string, string> IHttpResponse.Headers => http.Response.Headers.ToDictionary(
        pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase).AsReadOnly();

    string IHttpRequest.ContentType => http.Request.ContentType ?? "";

    string IHttpResponse.ContentType
    {
        get => http.Response.ContentType ?? "";
        set => http.Response.ContentType = value;
    }

    public void AddHeader(string key, string? value)
    {
        if (value is null) http.Response.Headers.Remove(key);
        else http.Response.Headers[key] = value;
    }

    public void SetNonCacheable() => http.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";

    public async Task WriteAllAsync(byte[] data, string? contenttype = null)
    {
        if (contenttype is not null) http.Response.ContentType = contenttype;
        http.Response.ContentLength = data.Length;
        await http.Response.Body.WriteAsync(data, http.RequestAborted).ConfigureAwait(false);
    }

    public Task WriteAllAsync(string data, string? contenttype = null) => WriteAllAsync(data, Encoding.UTF8, contenttype);

    public Task WriteAllAsync(string data, Encoding encoding, string? contenttype = null) =>
        WriteAllAsync(encoding.GetBytes(data), contenttype ?? $"text/plain; charset={encoding.WebName}");

    public Task WriteAllJsonAsync(string data) => WriteAllAsync(data, Encoding.UTF8, "application/json; charset=utf-8");
}
