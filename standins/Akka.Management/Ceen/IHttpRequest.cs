using System.Net;

namespace Ceen;

/// <summary>A request. Of header fields and query parameters that occur twice, the last counts; names are case-insensitive.</summary>
public interface IHttpRequest
{
    string Method { get; }

    /// <summary>Without the query.</summary>
    string Path { get; }

    /// <summary>With the leading question mark; empty if there is none.</summary>
    string RawQueryString { get; }

    IDictionary<string, string> QueryString { get; }

    IDictionary<string, string> Headers { get; }

    EndPoint RemoteEndPoint { get; }

    Stream Body { get; }

    string ContentType { get; }

    /// <summary>In bytes; -1 if the request does not say.</summary>
    int ContentLength { get; }
}
