namespace Ceen;

/// <summary>A request, and the response to it.</summary>
public interface IHttpContext
{
    IHttpRequest Request { get; }

    IHttpResponse Response { get; }
}

/// <summary>Answers requests.</summary>
public interface IHttpModule
{
    /// <returns>Whether the request is answered.</returns>
    Task<bool> HandleAsync(IHttpContext context);
}
