using System.Text;

namespace Ceen;

/// <summary>The response being made. Status and header fields can be set until the first byte of the body is written.</summary>
public interface IHttpResponse
{
    HttpStatusCode StatusCode { get; set; }

    bool HasSentHeaders { get; }

    IDictionary<string, string> Headers { get; }

    string ContentType { get; set; }

    /// <summary>Sets a header field; null removes it.</summary>
    void AddHeader(string key, string value);

    /// <summary>Tells clients and proxies not to keep the response.</summary>
    void SetNonCacheable();

    Task WriteAllAsync(byte[] data, string? contenttype = null);

    /// <summary>As UTF-8.</summary>
    Task WriteAllAsync(string data, string? contenttype = null);

    Task WriteAllAsync(string data, Encoding encoding, string? contenttype = null);

    /// <summary>As UTF-8, with JSON's content type.</summary>
    Task WriteAllJsonAsync(string data);
}
